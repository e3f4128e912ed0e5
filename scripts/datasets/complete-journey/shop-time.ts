const HOUR_MS = 3_600_000;

/**
 * The clock on the shops' wall. The data set's timestamps are instants in UTC: read as such, the first sale is at
 * 06:53 on 1 January 2017, the last at 23:01 on 31 December, and every one of its 53 weeks turns exactly at
 * midnight of this zone, in summer and in winter.
 */
const shopTimeZone = 'America/New_York';

const wallClock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: shopTimeZone,
  dateStyle: 'short',
  timeStyle: 'short',
});

/** Date and time on the shops' clock, such as `2017-03-12 23:40`. */
export function shopClock(instant: number): string {
  return wallClock.format(instant);
}

/**
 * The instant at which a day begins in the shops. Campaigns and redemptions have a day only (given as its midnight
 * in UTC); as this instant they fall on the same day when a query asks by the shops' clock.
 */
export function startOfShopDay(day: number): number {
  const date = new Date(day).toISOString().slice(0, 10);
  const summer = day + 4 * HOUR_MS;
  return shopClock(summer) === `${date} 00:00` ? summer : day + 5 * HOUR_MS;
}

/**
 * The sources' clock: it starts hours ago and runs faster than the wall, so that minutes of event time pass while
 * seconds are spent, and nothing is ever stamped ahead of the platform.
 */
export function createVirtualClock(hoursAgo: number, speed: number): () => number {
  const startedAt = Date.now();
  const origin = startedAt - hoursAgo * 3_600_000;
  return () => Math.floor(origin + (Date.now() - startedAt) * speed);
}

/** When the gateway said of one event that it is stored: the start of the way to where it can be seen. */
export interface AcceptSample {
  readonly eventId: string;
  readonly eventType: string;
  /** Milliseconds since 1970, by this machine's clock, when the request was first sent and when it was answered. */
  readonly sentAt: number;
  readonly acceptedAt: number;
}

export interface Reservoir<T> {
  offer(item: T): void;
  readonly items: readonly T[];
}

/** Keeps `size` of any number of items, each with the same chance (Vitter's algorithm R). */
export function createReservoir<T>(size: number, random: () => number): Reservoir<T> {
  const items: T[] = [];
  let offered = 0;
  return {
    items,
    offer(item) {
      offered += 1;
      if (items.length < size) {
        items.push(item);
        return;
      }
      const place = Math.floor(random() * offered);
      if (place < size) items[place] = item;
    },
  };
}

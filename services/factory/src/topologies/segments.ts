/** The start of the segment of this width in which a time lies. */
export function segmentOf(atMs: number, segmentMs: number): number {
  return Math.floor(atMs / segmentMs) * segmentMs;
}

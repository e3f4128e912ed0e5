/** How values become bytes. Where a schema evolves, `decode` reads what older versions wrote. */
export interface Serde<T> {
  /** Part of the topology's shape: state under another name is another state. */
  readonly name: string;
  encode(value: T): Buffer;
  decode(bytes: Buffer): T;
}

/**
 * The order of the keys' UTF-8 bytes. JavaScript compares strings by UTF-16 units, which differs where a character
 * beyond the basic plane (two units from 0xD800 on) meets one from 0xE000 to 0xFFFF.
 */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  if (at === length) return left.length - right.length;
  return unitOrder(left.charCodeAt(at)) - unitOrder(right.charCodeAt(at));
}

/** Moves the halves of characters beyond the basic plane behind all others. */
function unitOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * Why an identifier cannot be used. `refuse`: the sender made a mistake, the event goes back.
 * `drop`: the value is well-formed but says nothing about a person; the event stays, the identifier goes.
 */
export const identifierReasons = {
  'ZT-ID-EMPTY': { effect: 'refuse', message: 'the identifier is empty' },
  'ZT-ID-LENGTH': { effect: 'refuse', message: 'the identifier is longer than 256 characters' },
  'ZT-ID-TEXT': { effect: 'refuse', message: 'the identifier holds control characters or broken Unicode' },
  'ZT-ID-PHONE': {
    effect: 'refuse',
    message: 'not a phone number: give 0922-111-834 or the international form +886922111834',
  },
  'ZT-ID-EMAIL': { effect: 'refuse', message: 'not an e-mail address' },
  'ZT-ID-MAC': { effect: 'refuse', message: 'not a device address of six bytes' },
  'ZT-ID-CARRIER': { effect: 'refuse', message: 'not a mobile barcode: a slash and seven characters' },
  'ZT-ID-NATIONAL': { effect: 'refuse', message: 'not a national identification number' },
  'ZT-ID-MAC-RANDOM': { effect: 'drop', message: 'a random device address identifies nobody' },
  'ZT-ID-BLOCKED': { effect: 'drop', message: 'a value that stands for nobody in particular' },
} as const satisfies Record<string, { effect: 'refuse' | 'drop'; message: string }>;

/** Stable code of a reason. */
export type IdentifierReason = keyof typeof identifierReasons;

export type Normalised = { readonly ok: string } | { readonly reason: IdentifierReason };

import type { IdType } from '@zhongtai/schemas';

/** How surely a type names a person: 實名 real name, 第三方 third party, 匿名 anonymous. */
export type IdClass = 'real_name' | 'third_party' | 'anonymous' | 'none';

export interface IdTypeRule {
  readonly class: IdClass;
  /** 1 is the strongest; null takes no part in the choice of an anchor. */
  readonly priority: number | null;
  /** How many values one person may hold in a period, within one scope. */
  readonly limit: { readonly max: number; readonly per: 'ever' | 'year' | 'month' | 'week' };
  /** Whether an event may be attributed by it. A referral code is a relationship, never a link. */
  readonly links: boolean;
  /** Whether the same value means another person under another issuer. */
  readonly scoped: boolean;
  /** Whether the clear value is kept encrypted. National ids are known by their token alone. */
  readonly vaulted: boolean;
}

export type IdTypeRules = Readonly<Record<IdType, IdTypeRule>>;

const held = { links: true, vaulted: true } as const;
const unlinked = { priority: null, links: false, vaulted: true } as const;
const ever = (max: number) => ({ max, per: 'ever' }) as const;

/** The default configuration. */
export const idTypes: IdTypeRules = {
  cust_id: { class: 'real_name', priority: 1, limit: ever(1), scoped: true, ...held },
  phone: { class: 'real_name', priority: 2, limit: ever(2), scoped: false, ...held },
  // Families share a mobile barcode, so it links only where an installation decides so.
  invoice_carrier: {
    class: 'real_name',
    priority: 2.5,
    limit: ever(3),
    links: false,
    scoped: false,
    vaulted: true,
  },
  email: { class: 'real_name', priority: 3, limit: ever(5), scoped: false, ...held },
  line_id: { class: 'third_party', priority: 4, limit: ever(2), scoped: true, ...held },
  open_id: { class: 'third_party', priority: 5, limit: ever(2), scoped: true, ...held },
  fb_id: { class: 'third_party', priority: 5, limit: ever(2), scoped: true, ...held },
  ig_id: { class: 'third_party', priority: 5, limit: ever(2), scoped: true, ...held },
  referral_code: {
    class: 'third_party',
    priority: 6,
    limit: ever(1),
    links: false,
    scoped: true,
    vaulted: true,
  },
  device_id: { class: 'anonymous', priority: 7, limit: { max: 5, per: 'year' }, scoped: true, ...held },
  face_id: { class: 'anonymous', priority: 8, limit: ever(1), scoped: true, ...held },
  mac: { class: 'anonymous', priority: 9, limit: { max: 5, per: 'month' }, scoped: false, ...held },
  cookie: { class: 'anonymous', priority: 10, limit: { max: 5, per: 'week' }, scoped: true, ...held },
  social_id: { class: 'none', limit: ever(1), scoped: true, ...unlinked },
  national_id: { class: 'none', limit: ever(1), scoped: false, ...unlinked, vaulted: false },
  unknown: { class: 'none', limit: ever(1), scoped: true, ...unlinked },
};

/** Narrows text from outside to an identifier type. */
export function isIdType(text: string): text is IdType {
  return Object.hasOwn(idTypes, text);
}

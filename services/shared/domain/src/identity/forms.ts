import type { IdType } from '@zhongtai/schemas';
import type { Normalised } from './reasons.ts';

/** Puts a trimmed, well-formed value of one type into its one form. */
type Form = (text: string) => Normalised;

/** The types that have a form of their own; all others are taken as they are, trimmed. */
const forms: Partial<Readonly<Record<IdType, Form>>> = {
  phone: formPhone,
  email: formEmail,
  mac: formMac,
  invoice_carrier: formCarrier,
  national_id: formNationalId,
};

export function formOf(type: IdType): Form {
  return forms[type] ?? ((text) => ({ ok: text }));
}

/**
 * E.164. A number without a country is a Taiwanese one, as written on any form there: 0922-111-834,
 * (02) 2345-6789, ０９２２１１１８３４, 886922111834, 00886922111834.
 */
function formPhone(text: string): Normalised {
  const dialled = text.normalize('NFKC').replace(/[\s().\-‐-―−/]/g, '');
  const international = internationalOf(dialled);
  if (international === null || !/^[1-9]\d{7,14}$/.test(international)) return { reason: 'ZT-ID-PHONE' };
  if (!international.startsWith('886')) return { ok: `+${international}` };
  const national = international.slice(3).replace(/^0/, '');
  return /^(9\d{8}|[2-8]\d{7,8})$/.test(national) ? { ok: `+886${national}` } : { reason: 'ZT-ID-PHONE' };
}

function internationalOf(dialled: string): string | null {
  if (dialled.startsWith('+')) return dialled.slice(1);
  if (dialled.startsWith('00')) return dialled.slice(2);
  if (dialled.startsWith('0')) return `886${dialled.slice(1)}`;
  return dialled.startsWith('886') ? dialled : null;
}

function formEmail(text: string): Normalised {
  const folded = text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
  const [, local] = /^([^\s@]+)@[^\s@.]+(?:\.[^\s@.]+)+$/.exec(folded) ?? [];
  return local !== undefined && local.length <= 64 && folded.length <= 254
    ? { ok: folded }
    : { reason: 'ZT-ID-EMAIL' };
}

function formMac(text: string): Normalised {
  const digits = text
    .normalize('NFKC')
    .replace(/[\s:.-]/g, '')
    .toUpperCase();
  if (!/^[0-9A-F]{12}$/.test(digits)) return { reason: 'ZT-ID-MAC' };
  const first = Number.parseInt(digits.slice(0, 2), 16);
  if (/^(0{12}|F{12})$/.test(digits)) return { reason: 'ZT-ID-BLOCKED' };
  if ((first & 0x02) !== 0) return { reason: 'ZT-ID-MAC-RANDOM' };
  if ((first & 0x01) !== 0) return { reason: 'ZT-ID-MAC' };
  return { ok: digits.match(/../g)?.join(':') ?? digits };
}

/** The mobile barcode has a public form; carriers of other kinds are opaque codes in plain letters. */
function formCarrier(text: string): Normalised {
  const code = text.normalize('NFKC').trim().toUpperCase();
  const form = code.startsWith('/') ? /^\/[0-9A-Z.+-]{7}$/ : /^[!-~]+$/;
  return form.test(code) ? { ok: code } : { reason: 'ZT-ID-CARRIER' };
}

/** Citizens (A123456789) and residents, new form (A812345678) and old (AC12345678). */
function formNationalId(text: string): Normalised {
  const id = text.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase();
  return /^[A-Z]([1289]\d{8}|[A-D]\d{8})$/.test(id) ? { ok: id } : { reason: 'ZT-ID-NATIONAL' };
}

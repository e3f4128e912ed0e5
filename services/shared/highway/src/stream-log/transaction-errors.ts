import errors from 'kafkajs/src/protocol/error.js';
import { translate } from '../broker-errors.ts';
import { HighwayError } from '../errors.ts';

/**
 * Protocol codes that say that another owner has taken the id over, or that the coordinator has ended the
 * transaction of its own (time-out) and will not hear this epoch again.
 */
const fencedCodes: Readonly<Record<number, string>> = {
  47: 'INVALID_PRODUCER_EPOCH',
  49: 'INVALID_PRODUCER_ID_MAPPING',
  90: 'PRODUCER_FENCED',
};

/** The transaction cannot be completed, though the id is still ours: it is aborted, and another producer begins. */
const lostCodes: Readonly<Record<number, string>> = {
  45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  46: 'DUPLICATE_SEQUENCE_NUMBER',
  48: 'INVALID_TXN_STATE',
  59: 'UNKNOWN_PRODUCER_ID',
  120: 'TRANSACTION_ABORTABLE',
};

const concurrentTransactions = 51;

/** Still busy with the transaction before: asked again within milliseconds, for markers are written in as many. */
export function isConcurrent({ details }: HighwayError): boolean {
  return details['type'] === 'CONCURRENT_TRANSACTIONS';
}

/** The error of a coordinator's or leader's answer. */
export function transactionError(code: number, what: string, details: Record<string, unknown>): HighwayError {
  const fenced = fencedCodes[code];
  if (fenced !== undefined) {
    const text = `${what}: the id is another producer's now, or the transaction took too long`;
    return new HighwayError('ZT-HIGHWAY-FENCED', text, { details: { ...details, type: fenced } });
  }
  const lost = lostCodes[code];
  if (lost !== undefined) {
    const text = `${what}: the transaction cannot be completed (${lost})`;
    return new HighwayError('ZT-HIGHWAY-TRANSACTION-LOST', text, { details: { ...details, type: lost } });
  }
  if (code === concurrentTransactions) {
    const text = `${what}: the transaction before is still being completed`;
    return new HighwayError('ZT-HIGHWAY-AWAY', text, {
      details: { ...details, type: 'CONCURRENT_TRANSACTIONS' },
    });
  }
  return translate(errors.createErrorFromCode(code), what, details);
}

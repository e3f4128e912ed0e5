import type { RecordEntry, Topic } from '@zhongtai/schemas';
import { parseRecordSchema } from './avro-node.ts';
import { type PersonalField, personalFieldsOf } from './personal-fields.ts';
import { compileRecordCheck, type EnvelopeRules, type RecordCheck } from './record-check.ts';
import type { ValueLimits } from './scalar.ts';

/** All that is known beforehand about one record type on its way in. */
export interface RecordPlan {
  /** Where it is written. */
  readonly topic: Topic;
  readonly record: RecordEntry;
  readonly check: RecordCheck;
  readonly personalFields: readonly PersonalField[];
}

export interface RecordPlanning {
  readonly schemaText: (recordName: string) => string;
  readonly limits: ValueLimits;
  /** Of events; left out for records without an envelope. */
  readonly rules?: EnvelopeRules;
}

/** @throws UncheckableSchema when the record's schema uses what the checks do not know. */
export function planRecord(topic: Topic, record: RecordEntry, planning: RecordPlanning): RecordPlan {
  const text = planning.schemaText(record.name);
  return {
    topic,
    record,
    check: compileRecordCheck(text, planning.limits, planning.rules),
    personalFields: personalFieldsOf(parseRecordSchema(text).fields),
  };
}

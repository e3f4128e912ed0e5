import type { RecordEntry, Topic } from '@zhongtai/schemas';
import { parseRecordSchema } from './avro-node.ts';
import type { Fault } from './fault.ts';
import { type PersonalField, personalFieldsOf } from './personal-fields.ts';
import {
  compileRecordCheck,
  type DraftRecord,
  type EnvelopeRules,
  type RecordCheck,
} from './record-check.ts';
import type { ValueLimits } from './scalar.ts';

/** All that is known beforehand about one record type on its way in. */
export interface RecordPlan {
  /** Where it is written. */
  readonly topic: Topic;
  readonly record: RecordEntry;
  readonly check: RecordCheck;
  readonly personalFields: readonly PersonalField[];
  /** Fields that a sender must give, whose default says that it did not. */
  readonly demanded: readonly string[];
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
  const { fields } = parseRecordSchema(text);
  return {
    topic,
    record,
    check: compileRecordCheck(text, planning.limits, planning.rules),
    personalFields: personalFieldsOf(fields),
    demanded: fields
      .filter(({ required, fallback }) => required && isNothing(fallback?.value))
      .map(({ name }) => name),
  };
}

/**
 * Raises the fault for a demanded field that was left out. In JSON a field is there or not; in Avro every field is
 * there, and what was left out has its default.
 */
export function missingOf({ demanded }: RecordPlan, record: DraftRecord, fault: Fault): void {
  const missing = demanded.find((name) => isNothing(record[name]));
  if (missing === undefined) return;
  fault.raise('MISSING', 'is required');
  fault.under(missing);
}

function isNothing(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

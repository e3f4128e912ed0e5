import type { RecordEntry, Source, Topic } from '@zhongtai/schemas';
import { type AvroField, type AvroNode, parseRecordSchema } from '../validation/avro.ts';
import { compileRecordCheck, type RecordCheck } from '../validation/compile.ts';
import type { ValueLimits } from '../validation/scalar.ts';

/** The part of the catalogue that the gateway reads; `@zhongtai/schemas` gives it. */
export interface Catalogue {
  readonly topics: Readonly<Record<string, Topic>>;
  schemaText(recordName: string): string;
}

/** A field, at any depth, that may hold personal data: a clear identifier, or text that people wrote. */
export interface PersonalField {
  /** Names from the record down; '*' stands for every entry of a list. */
  readonly path: readonly string[];
  /** Undefined for free text. */
  readonly idType: string | undefined;
  readonly scopeField: string | undefined;
  /** Set to true where the identifier was a random one. */
  readonly randomisedField: string | undefined;
  readonly isPageAddress: boolean;
  /** What stands where there is no identifier: null where the schema has it, for '' would be a third state. */
  readonly absent: null | '';
}

/** All that is known beforehand about one record type. */
export interface RecordPlan {
  readonly topic: Topic;
  readonly record: RecordEntry;
  readonly check: RecordCheck;
  readonly personalFields: readonly PersonalField[];
}

export interface EventPlan extends RecordPlan {
  readonly source: Source;
}

export interface Plans {
  /** By event_type. */
  readonly events: ReadonlyMap<string, EventPlan>;
  /** By the thing: `member` of `reference.member`. */
  readonly references: ReadonlyMap<string, RecordPlan>;
  /** Every topic that the gateway may write. */
  readonly topics: readonly Topic[];
}

export const VAULT_TOPIC = 'vault.identifier';
const REFERENCE = 'reference.';

/** `link` is filled in by the identity stage; the gateway fills what it alone knows. */
const ENVELOPE_RULES = {
  closed: new Map<string, unknown>([['link', null]]),
  filled: new Map<string, unknown>([
    ['event_id', ''],
    ['ingest_time', 0],
    ['source_system', ''],
    ['source', 'unknown'],
  ]),
};

function personalFieldsOf(fields: readonly AvroField[], path: readonly string[]): PersonalField[] {
  return fields.flatMap((field) => {
    const here = [...path, field.name];
    if (field.identifier !== undefined || field.freeText) {
      return [
        {
          path: here,
          idType: field.identifier,
          scopeField: field.scopeField,
          randomisedField: field.randomisedField,
          isPageAddress: field.pageAddress,
          absent: isNullable(field.node) ? null : '',
        },
      ];
    }
    return within(field.node, here);
  });
}

function isNullable(node: AvroNode): boolean {
  return node.kind === 'union' && node.branches.some((branch) => branch.kind === 'null');
}

function within(node: AvroNode, path: readonly string[]): PersonalField[] {
  if (node.kind === 'record') return personalFieldsOf(node.fields, path);
  if (node.kind === 'array') return within(node.items, [...path, '*']);
  if (node.kind === 'union') return node.branches.flatMap((branch) => within(branch, path));
  return [];
}

/** Compiles the checks of everything that can come in: all event records, and the reference tables. */
export function compilePlans(catalogue: Catalogue, limits: ValueLimits): Plans {
  const events = new Map<string, EventPlan>();
  const references = new Map<string, RecordPlan>();
  const written: Topic[] = [];
  const planOf = (topic: Topic, record: RecordEntry): RecordPlan => {
    const text = catalogue.schemaText(record.name);
    const fields = parseRecordSchema(text).fields.filter((field) => field.name !== 'identities');
    const rules = topic.source === null ? undefined : ENVELOPE_RULES;
    return {
      topic,
      record,
      check: compileRecordCheck(text, limits, rules),
      personalFields: personalFieldsOf(fields, []),
    };
  };
  for (const topic of Object.values(catalogue.topics)) {
    if (topic.name.startsWith('highway.') && topic.source !== null) {
      const { source } = topic;
      for (const record of topic.records) {
        events.set(record.eventType, { ...planOf(topic, record), source });
      }
    } else if (topic.name.startsWith(REFERENCE)) {
      const [record] = topic.records;
      if (record !== undefined) references.set(topic.name.slice(REFERENCE.length), planOf(topic, record));
    } else if (topic.name !== VAULT_TOPIC) {
      continue;
    }
    written.push(topic);
  }
  return { events, references, topics: written };
}

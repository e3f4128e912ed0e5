import { envelopeOfJson, planRecord, type RecordPlan, type ValueLimits } from '@zhongtai/domain';
import type { Source, Topic } from '@zhongtai/schemas';

/** The part of the catalogue that the gateway reads; `@zhongtai/schemas` gives it. */
export interface Catalogue {
  readonly topics: Readonly<Record<string, Topic>>;
  schemaText(recordName: string): string;
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

/** Compiles the checks of everything that can come in: all event records, and the reference tables. */
export function compilePlans({ topics, schemaText }: Catalogue, limits: ValueLimits): Plans {
  const events = new Map<string, EventPlan>();
  const references = new Map<string, RecordPlan>();
  const written: Topic[] = [];
  for (const topic of Object.values(topics)) {
    const { source } = topic;
    if (topic.leg === 'inbound' && source !== null) {
      for (const record of topic.records) {
        const plan = planRecord(topic, record, { schemaText, limits, rules: envelopeOfJson });
        events.set(record.eventType, { ...plan, source });
      }
    } else if (topic.name.startsWith(REFERENCE)) {
      const [record] = topic.records;
      if (record !== undefined) {
        references.set(topic.name.slice(REFERENCE.length), planRecord(topic, record, { schemaText, limits }));
      }
    } else if (topic.name !== VAULT_TOPIC) {
      continue;
    }
    written.push(topic);
  }
  return { events, references, topics: written };
}

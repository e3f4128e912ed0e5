export {
  type AvroArray,
  type AvroEnum,
  type AvroField,
  type AvroLogical,
  type AvroRecord,
  type AvroSchema,
  type AvroType,
  envelopeFields,
  type PiiClass,
  parseSchema,
  schemaOf,
  schemaPath,
  schemaText,
} from './avro.ts';
export {
  type Label,
  type Leg,
  type LossClass,
  type RecordEntry,
  type Source,
  sources,
  type Topic,
} from './catalogue.ts';
export { type KeyOf, keyOrder, type RecordValue } from './keys.ts';
export { recordNamed, recordOf, subjectOf, topics, topicsOf } from './topics.ts';
export type * from './types/index.ts';

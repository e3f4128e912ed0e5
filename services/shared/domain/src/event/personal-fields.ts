import type { AvroField, AvroNode } from './avro-node.ts';

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

/** The personal fields of a record beside `identities`, which are treated by themselves. */
export function personalFieldsOf(fields: readonly AvroField[]): PersonalField[] {
  return fields.filter(({ name }) => name !== 'identities').flatMap((field) => fieldsAt(field, []));
}

function fieldsAt(field: AvroField, path: readonly string[]): PersonalField[] {
  const here = [...path, field.name];
  if (field.identifier === undefined && !field.freeText) return fieldsWithin(field.node, here);
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

function isNullable(node: AvroNode): boolean {
  return node.kind === 'union' && node.branches.some((branch) => branch.kind === 'null');
}

function fieldsWithin(node: AvroNode, path: readonly string[]): PersonalField[] {
  if (node.kind === 'record') return node.fields.flatMap((field) => fieldsAt(field, path));
  if (node.kind === 'array') return fieldsWithin(node.items, [...path, '*']);
  if (node.kind === 'union') return node.branches.flatMap((branch) => fieldsWithin(branch, path));
  return [];
}

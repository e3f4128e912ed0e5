/** Something wrong with a schema, in words that lead to the place and to the remedy. */
export interface Problem {
  /** Full name of the record. */
  readonly record: string;
  /** Path of the field, e.g. lines.qty; empty when the record as a whole is meant. */
  readonly field: string;
  readonly rule: string;
  readonly remedy: string;
}

export function describeProblem({ record, field, rule, remedy }: Problem): string {
  return `${record}${field === '' ? '' : `.${field}`}: ${rule}. ${remedy}.`;
}

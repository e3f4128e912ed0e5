export { incompatibilities } from './compatibility.ts';
export { withEnvelope } from './envelope-sync.ts';
export { formatSchema } from './format-schema.ts';
export { lintRecord } from './lint.ts';
export { lintEnvelope, lintSharedTypes } from './lint-together.ts';
export { describeProblem, type Problem } from './problem.ts';
export { generateTypes, type TypeFile } from './type-generator.ts';

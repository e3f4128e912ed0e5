export { incompatibilities } from './compatibility.ts';
export { withEnvelope } from './envelope-sync.ts';
export { formatSchema } from './format-schema.ts';
export { lintEnvelope, lintRecord, lintSharedTypes } from './lint.ts';
export { describeProblem, type Problem } from './problem.ts';
export { generateTypes, type TypeFile } from './type-generator.ts';

/**
 * Checks the levels of imports and that the check saw every source file: a cruise that cannot parse TypeScript
 * visits nothing and reports no violation.
 */
import { execFileSync } from 'node:child_process';
import { cruise } from 'dependency-cruiser';
import { importLevels } from './import-levels.ts';

const folders = ['schemas', 'services', 'infra', 'scripts', 'test'];

function sourceFiles(): string[] {
  const patterns = folders.map((folder) => `:(glob)${folder}/**/*.ts`);
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns],
    {
      encoding: 'utf8',
    },
  );
  return listed.split('\n').filter((path) => path !== '');
}

const { output } = await cruise(folders, {
  validate: true,
  ruleSet: { forbidden: [...importLevels] },
  doNotFollow: { path: 'node_modules' },
  parser: 'swc',
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
});
if (typeof output === 'string') throw new Error('dependency-cruiser answered text instead of a result');

const sources = sourceFiles();
const seen = new Set(output.modules.map((module) => module.source));
const unseen = sources.filter((source) => !seen.has(source));
const { violations } = output.summary;
for (const { rule, from, to } of violations) console.error(`${rule.name}: ${from} -> ${to}`);
for (const source of unseen) console.error(`not looked at: ${source}`);
console.log(`import levels: ${sources.length} source files, ${violations.length} violations`);
process.exit(violations.length === 0 && unseen.length === 0 && sources.length > 0 ? 0 : 1);

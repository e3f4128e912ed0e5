/**
 * `make test`: static checks, unit tests, then the tests on real parts. One stack is booted for all of those
 * that do not break it (they take its addresses from the environment); those that kill parts boot their own.
 * Ends with the line `N passed, N failed` and writes it to .local/test-summary.txt.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@zhongtai/local';

interface Count {
  passed: number;
  failed: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'zhongtai-test-'));
/** Two at a time: these tests wait for processes to come and go more than they compute. */
const realParts = ['--maxWorkers=2', 'test/'];
const startedAt = performance.now();

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function checks(): Promise<Count> {
  const status = await run('node', ['scripts/check.ts'], process.env);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function jest(name: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): Promise<Count> {
  const report = join(scratch, `${name}.json`);
  const status = await run('jest', [...args, '--json', `--outputFile=${report}`], {
    ...process.env,
    ...extra,
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  });
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const broken = status !== 0 && numFailedTests === 0 ? Math.max(1, numFailedTestSuites) : 0;
  return { passed: numPassedTests, failed: numFailedTests + numPendingTests + broken };
}

/** Takes the parts whose addresses the environment gives, such as those of a compose file; else boots its own. */
async function onRealParts(): Promise<Count> {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, CLICKHOUSE_URL } = process.env;
  if (KAFKA_BROKERS !== undefined && SCHEMA_REGISTRY_URL !== undefined && CLICKHOUSE_URL !== undefined) {
    return jest('real-parts', realParts);
  }
  const stack = await startStack({
    directory: join(scratch, 'stack'),
    parts: ['kafka', 'registry', 'clickhouse'],
    ports: 'free',
  });
  try {
    return await jest('real-parts', realParts, {
      KAFKA_BROKERS: stack.endpoints.kafka,
      SCHEMA_REGISTRY_URL: `${stack.endpoints.registry}/apis/ccompat/v7`,
      CLICKHOUSE_URL: stack.endpoints.clickhouse,
    });
  } finally {
    await stack.stop();
  }
}

const counts = [
  await checks(),
  await jest('unit', ['--testPathIgnorePatterns', '/node_modules/', '/.local/', '<rootDir>/test/']),
  await onRealParts(),
];
rmSync(scratch, { recursive: true, force: true });

const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
const line = `${passed} passed, ${failed} failed`;
mkdirSync('.local', { recursive: true });
writeFileSync('.local/test-summary.txt', `${line}\n`);
console.log(`tests took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
console.log(line);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

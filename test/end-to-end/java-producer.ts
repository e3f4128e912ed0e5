import { spawn } from 'node:child_process';

/** Lines `key<TAB>value`, sent by Kafka's own console producer. */
export function produceByJava(
  tools: string,
  broker: string,
  topic: string,
  codec: string,
  lines: readonly string[],
): Promise<void> {
  const properties = ['parse.key=true', 'key.separator=\t'].flatMap((pair) => ['--reader-property', pair]);
  const codecs = codec === 'none' ? [] : ['--compression-codec', codec];
  const child = spawn(
    'java',
    [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', tools, 'org.apache.kafka.tools.ConsoleProducer'],
      ...['--bootstrap-server', broker, '--topic', topic, '--batch-size', '200000', ...codecs, ...properties],
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  child.stdin.end(`${lines.join('\n')}\n`);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${codec}: exit ${code}`))));
  });
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readIfThere } from './files.ts';
import { checkPart } from './health.ts';
import type { Part, StackFolders } from './part.ts';
import { host } from './ports.ts';

const run = promisify(execFile);
const minute = 60_000;

export interface KafkaSettings {
  readonly folders: StackFolders;
  readonly java: string;
  /** The folder of jars that Maven copied. */
  readonly jars: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly javaOptions: readonly string[];
}

/** Apache Kafka in KRaft mode: broker and controller in one process, one copy of everything. */
export function kafkaPart(settings: KafkaSettings): Part {
  const { folders, java, jars, port, javaOptions } = settings;
  const config = `${folders.run}/kafka.properties`;
  const logging = `${folders.run}/kafka-log4j2.properties`;
  const classpath = `${jars}/*`;
  return {
    name: 'kafka',
    needs: [],
    address: `${host}:${port}`,
    port,
    command: java,
    args: [
      ...javaFlags,
      ...javaOptions,
      `-Dlog4j2.configurationFile=${logging}`,
      '-cp',
      classpath,
      'kafka.Kafka',
      config,
    ],
    env: {},
    stopSignal: 'SIGTERM',
    stopGraceMs: 15_000,
    startLimitMs: minute,
    async prepare() {
      for (const folder of [folders.data, folders.run]) await mkdir(folder, { recursive: true });
      await writeFile(config, kafkaProperties(settings));
      await writeFile(logging, loggingProperties);
      // Formatting costs a second start of the virtual machine, so only for a directory that has none.
      if ((await readIfThere(`${folders.data}/kafka/meta.properties`)) !== undefined) return;
      const clusterId = newClusterId();
      const tool = ['-Xmx128m', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${logging}`];
      await run(java, [
        ...tool,
        '-cp',
        classpath,
        'kafka.tools.StorageTool',
        'format',
        '--ignore-formatted',
        '--cluster-id',
        clusterId,
        '--config',
        config,
      ]);
    },
    check: () => checkPart('kafka', port),
  };
}

const javaFlags = [
  '-Xms192m',
  '-Xmx640m',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=50',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
];

/** The broker's configuration as Kafka reads it. */
export function kafkaProperties({ folders, port, controllerPort }: KafkaSettings): string {
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${host}:${controllerPort}`,
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': `${folders.data}/kafka`,
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    // Fourteen days, as long as the highway keeps records: a reader that slept as long finds its place again.
    'offsets.retention.minutes': 14 * 24 * 60,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // One produce request carries a whole batch of the front door as one record batch per partition.
    'message.max.bytes': 8 * 1024 * 1024,
    'replica.fetch.max.bytes': 8 * 1024 * 1024,
    'log.segment.bytes': 256 * 1024 * 1024,
    // A broker that was killed may register again as soon as its old session is over.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 1_000,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Standard output is the log file that the supervisor opened, so one place holds all that Kafka says. */
const loggingProperties = `status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS} %-5p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
`;

/** Text that begins with a dash would be read as an option, and one of 64 random ones does. */
export function newClusterId(bytes: Buffer = randomBytes(16)): string {
  return Buffer.from([(bytes[0] ?? 0) & 127, ...bytes.subarray(1)]).toString('base64url');
}

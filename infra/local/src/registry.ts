import { checkPart } from './health.ts';
import type { Part, StackFolders } from './part.ts';
import { host } from './ports.ts';

export interface RegistrySettings {
  readonly folders: StackFolders;
  readonly java: string;
  /** The folder that the release archive was unpacked to. */
  readonly home: string;
  readonly port: number;
  /** Where its schemas live: a topic of this broker. */
  readonly kafka: string;
  readonly javaOptions: readonly string[];
}

/** Apicurio Registry; holds nothing itself, all its state is in Kafka. */
export function registryPart({ java, home, port, kafka, javaOptions }: RegistrySettings): Part {
  const address = `http://${host}:${port}`;
  return {
    name: 'registry',
    needs: ['kafka'],
    address,
    port,
    command: java,
    args: [
      // A registry is asked a few dozen times a day: small heap, quick start, no second compiler.
      '-Xms48m',
      '-Xmx192m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
      ...javaOptions,
      '-cp',
      `${home}/*:${home}/lib/*`,
      'io.quarkus.runner.GeneratedMain',
    ],
    env: {
      QUARKUS_HTTP_HOST: host,
      QUARKUS_HTTP_PORT: String(port),
      QUARKUS_LOG_LEVEL: 'WARN',
      // It repeats every second that a broker is away.
      QUARKUS_LOG_CATEGORY__ORG_APACHE_KAFKA__LEVEL: 'ERROR',
      QUARKUS_LOG_CONSOLE_COLOR: 'false',
      QUARKUS_BANNER_ENABLED: 'false',
      APICURIO_STORAGE_KIND: 'kafkasql',
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: kafka,
    },
    stopSignal: 'SIGTERM',
    stopGraceMs: 8_000,
    startLimitMs: 90_000,
    prepare: async () => {},
    check: () => checkPart('registry', port),
  };
}

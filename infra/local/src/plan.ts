import { provideClassArchives } from './class-archives.ts';
import { clickhousePart } from './clickhouse.ts';
import { provideJars } from './jars.ts';
import { kafkaPart } from './kafka.ts';
import { findJava, findNode } from './machine.ts';
import type { Part, PartName, StackFolders } from './part.ts';
import { choosePorts, defaultPorts } from './ports.ts';
import { postgresPart } from './postgres.ts';
import { registryPart } from './registry.ts';

export interface PlanOptions {
  readonly folders: StackFolders;
  readonly parts: readonly PartName[];
  readonly ports: 'default' | 'free';
  readonly log: (line: string) => void;
  /** Ends what is fetched or practised. */
  readonly signal: AbortSignal;
}

/** Decides ports and makes the parts; fetches what Java needs if it is not there yet. */
export async function planParts({ folders, parts, ports, log, signal }: PlanOptions): Promise<Part[]> {
  const wantsJava = parts.includes('kafka') || parts.includes('registry');
  const java = wantsJava ? findJava() : '';
  const jars = wantsJava
    ? await provideJars(log, undefined, undefined, signal)
    : { folder: '', kafka: '', registry: '' };
  const start = wantsJava
    ? await provideClassArchives({ java, jars, log, signal })
    : { kafka: [], registry: [] };
  const names = [...parts, ...(parts.includes('kafka') ? (['controller'] as const) : [])];
  const wanted = Object.fromEntries(
    names.map((name) => [name, ports === 'free' ? ('free' as const) : defaultPorts[name]]),
  );
  const chosen = await choosePorts(wanted);
  const port = (name: string): number => chosen.get(name) ?? 0;
  for (const name of parts) {
    if (ports === 'default' && port(name) !== defaultPorts[name]) {
      log(`port ${defaultPorts[name]} is taken, ${name} uses ${port(name)}`);
    }
  }
  const kafka = kafkaPart({
    folders,
    java,
    jars: jars.kafka,
    port: port('kafka'),
    controllerPort: port('controller'),
    javaOptions: start.kafka,
  });
  const makers: Record<PartName, () => Part> = {
    kafka: () => kafka,
    registry: () =>
      registryPart({
        folders,
        java,
        home: jars.registry,
        port: port('registry'),
        kafka: kafka.address,
        javaOptions: start.registry,
      }),
    postgres: () => postgresPart(folders, port('postgres')),
    clickhouse: () => clickhousePart(folders, findNode(), port('clickhouse')),
  };
  return parts.map((name) => makers[name]());
}

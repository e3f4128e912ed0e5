import type { Logger } from './logger.ts';

/**
 * Something with a lifetime. `start` resolves when it works; `stop` resolves when nothing of it is left. `stop` may
 * come while `start` still waits for others: then the start gives up, by a rejection that nobody needs to read.
 */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Lifecycle extends Component {
  /** Adds a component after those it depends on. Returns the component. */
  add<C extends Component>(component: C): C;
  /** Adds something that works from its making on and only has to be closed. */
  addOpen(name: string, close: () => Promise<void>): void;
}

/**
 * Starts components in the order in which they were added and stops them in reverse. When one fails to start,
 * those before it are stopped and the error goes on. When one fails to stop, the others are still stopped. A stop
 * during the start ends the component that is starting too, and none after it is started.
 */
export function createLifecycle(logger: Logger, name = 'process'): Lifecycle {
  const components: Component[] = [];
  let started: Component[] = [];
  let isStopping = false;

  async function stop(): Promise<void> {
    isStopping = true;
    const errors: unknown[] = [];
    for (const component of started.toReversed()) {
      try {
        await component.stop();
        logger.debug({ component: component.name }, 'component stopped');
      } catch (error) {
        errors.push(error);
      }
    }
    started = [];
    if (errors.length > 0) throw new AggregateError(errors, 'components failed to stop');
  }

  async function start(): Promise<void> {
    for (const component of components) {
      if (isStopping) return;
      started.push(component);
      try {
        await component.start();
      } catch (error) {
        if (isStopping) return;
        started.pop();
        await stop();
        throw error;
      }
      logger.debug({ component: component.name }, 'component started');
    }
  }

  function add<C extends Component>(component: C): C {
    components.push(component);
    return component;
  }

  const addOpen = (opened: string, close: () => Promise<void>) =>
    void add({ name: opened, start: async () => undefined, stop: close });

  return { name, start, stop, add, addOpen };
}

export interface RunOptions {
  /** How long a stop may take before the process gives up. */
  readonly stopWithinMs?: number;
  readonly process?: Pick<NodeJS.Process, 'once' | 'exit'>;
}

/**
 * Runs a component until SIGTERM or SIGINT, then stops it, even if it is still starting. Exits 0 after a clean stop;
 * 1 when the start or the stop failed, when the stop took too long, or at a second signal.
 */
export async function runUntilSignal(
  component: Component,
  logger: Logger,
  { stopWithinMs = 30_000, process: host = process }: RunOptions = {},
): Promise<void> {
  const signal = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) host.once(name, () => resolve(name));
  });
  let isSignalled = false;
  const signalled = signal.then(() => {
    isSignalled = true;
  });
  try {
    // A start that is given up because of the signal has nothing left to say.
    const start = component.start().catch((error: unknown) => {
      if (!isSignalled) throw error;
    });
    await Promise.race([start, signalled]);
  } catch (error) {
    logger.fatal({ err: error }, 'start failed');
    return host.exit(1);
  }
  if (!isSignalled) logger.info({ component: component.name }, 'started');
  logger.info({ signal: await signal }, 'stopping');
  for (const name of ['SIGTERM', 'SIGINT'] as const) host.once(name, () => host.exit(1));
  const timer = setTimeout(() => {
    logger.fatal({ stopWithinMs }, 'stop took too long');
    host.exit(1);
  }, stopWithinMs);
  try {
    await component.stop();
  } catch (error) {
    logger.fatal({ err: error }, 'stop failed');
    return host.exit(1);
  } finally {
    clearTimeout(timer);
  }
  logger.info('stopped');
  host.exit(0);
}

import { messageOf } from '@zhongtai/runtime/errors';
import { leftBehind } from './leftovers.ts';
import type { Part, StackFolders } from './part.ts';
import { birthOf, end } from './processes.ts';
import { Runner } from './runner.ts';
import { readState, writeState } from './state.ts';

/** Runs the parts of one stack directory and keeps notes of them in `run/stack.json`. */
export class Supervisor {
  readonly #folders: StackFolders;
  readonly #log: (line: string) => void;
  #runners: readonly Runner[] = [];
  /** In the order in which they were added; a later one may need an earlier one. */
  readonly #services: Runner[] = [];
  #notes: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(folders: StackFolders, log: (line: string) => void) {
    this.#folders = folders;
    this.#log = log;
  }

  /** Takes the directory: from here on others see that it has a supervisor. */
  async announce(): Promise<void> {
    this.#note();
    await this.#notes;
  }

  /** Parts without needs start together; the others follow as soon as theirs answer. */
  async start(parts: readonly Part[]): Promise<void> {
    this.#runners = parts.map((part) => this.#runnerOf(part));
    const started = new Map<string, Promise<void>>();
    for (const runner of this.#runners) {
      const needs = runner.part.needs.map((name) => started.get(name));
      started.set(
        runner.part.name,
        Promise.all(needs).then(() => (this.#stopping ? undefined : runner.start())),
      );
    }
    await Promise.all(started.values());
    await this.#notes;
  }

  /** Carries one more process; resolves when it is ready. */
  async add(part: Part, logFile?: string): Promise<void> {
    const known = this.#services.findIndex((service) => service.part.name === part.name);
    if (known !== -1) await this.#services.splice(known, 1)[0]?.stop();
    const runner = this.#runnerOf(part, logFile);
    this.#services.push(runner);
    await runner.start();
    await this.#notes;
  }

  /** Services first, the last one added before the others; then dependents, then what they need. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const service of this.#services.toReversed()) await service.stop();
    const dependents = this.#runners.filter((runner) => runner.part.needs.length > 0);
    await Promise.all(dependents.map((runner) => runner.stop()));
    await Promise.all(this.#runners.map((runner) => runner.stop()));
    await this.#notes;
  }

  /**
   * Ends what a supervisor left behind that was itself killed. Its parts cannot be adopted: nobody would hear
   * of their end.
   */
  async clearLeftovers(): Promise<void> {
    const earlier = readState(this.#folders);
    for (const { name, pid } of leftBehind(this.#folders, earlier)) {
      this.#log(`${name} (pid ${pid}) was left behind by an earlier run, ending it`);
      await end(pid, 'SIGTERM', 5_000);
    }
  }

  #runnerOf(part: Part, logFile = `${this.#folders.logs}/${part.name}.log`): Runner {
    const events = { changed: () => this.#note(), log: this.#log };
    return new Runner(part, logFile, events, this.#folders.run);
  }

  #note(): void {
    const pid = process.pid;
    const birth = birthOf(pid) ?? '';
    this.#notes = this.#notes
      .then(() => {
        const parts = [...this.#runners, ...this.#services].map(({ state }) => state);
        return writeState(this.#folders, { pid, birth, parts });
      })
      .catch((error: unknown) => this.#log(`cannot write the notes: ${messageOf(error)}`));
  }
}

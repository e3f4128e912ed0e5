import { messageOf } from '@zhongtai/runtime';
import type { Part, StackFolders } from './part.ts';
import { birthOf, end } from './processes.ts';
import { Runner } from './runner.ts';
import { readState, writeState } from './state.ts';

/** Runs the parts of one stack directory and keeps notes of them in `run/stack.json`. */
export class Supervisor {
  readonly #folders: StackFolders;
  readonly #log: (line: string) => void;
  #runners: readonly Runner[] = [];
  #notes: Promise<void> = Promise.resolve();

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
    const events = { changed: () => this.#note(), log: this.#log };
    this.#runners = parts.map((part) => new Runner(part, this.#folders.logs, events));
    const started = new Map<string, Promise<void>>();
    for (const runner of this.#runners) {
      const needs = runner.part.needs.map((name) => started.get(name));
      started.set(
        runner.part.name,
        Promise.all(needs).then(() => runner.start()),
      );
    }
    await Promise.all(started.values());
    await this.#notes;
  }

  /** Dependents first, then what they need. */
  async stop(): Promise<void> {
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
    for (const part of earlier?.parts ?? []) {
      if (part.pid === 0 || birthOf(part.pid) !== part.birth) continue;
      this.#log(`${part.name} (pid ${part.pid}) was left behind by an earlier run, ending it`);
      await end(part.pid, 'SIGTERM', 5_000);
    }
  }

  #note(): void {
    const pid = process.pid;
    const birth = birthOf(pid) ?? '';
    this.#notes = this.#notes
      .then(() => writeState(this.#folders, { pid, birth, parts: this.#runners.map(({ state }) => state) }))
      .catch((error: unknown) => this.#log(`cannot write the notes: ${messageOf(error)}`));
  }
}

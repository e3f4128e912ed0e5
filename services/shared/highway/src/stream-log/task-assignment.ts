/** A member of a task group, as the leader knows it. */
export interface TaskMember {
  readonly memberId: string;
  /** Stable name of its process. */
  readonly instance: string;
  /** Tasks whose state it holds, as old as that may be. */
  readonly warm: readonly number[];
  /** Tasks that it had in the generation before. */
  readonly owned: readonly number[];
}

interface Seat {
  readonly member: TaskMember;
  /** Also those that it owned. */
  readonly warm: ReadonlySet<number>;
  readonly owned: ReadonlySet<number>;
  readonly tasks: Set<number>;
}

/**
 * Gives each task to one member: every member gets the whole quotient or one more, and as many tasks as that allows
 * stay with their owner or go to who holds them warm. The same members and tasks give the same answer, in whatever
 * order they come.
 */
export function assignTasks(
  members: readonly TaskMember[],
  tasks: readonly number[],
): Map<string, readonly number[]> {
  const seats = members
    .map((member): Seat => {
      const warm = new Set([...member.warm, ...member.owned]);
      return { member, warm, owned: new Set(member.owned), tasks: new Set() };
    })
    .sort((a, b) => compare(nameOf(a), nameOf(b)));
  if (seats.length === 0) return new Map();
  const ordered = [...new Set(tasks)].sort((a, b) => a - b);
  const table = new Table(seats, ordered.length);
  const homeless = ordered.filter((task) => !table.seatOwner(task));
  const cold = homeless.filter((task) => !table.seatWarm(task, new Set()));
  for (const task of cold) table.seatAnywhere(task);
  return new Map(
    seats.map(({ member, tasks: own }) => [member.memberId, [...own].sort((a, b) => a - b)] as const),
  );
}

function nameOf({ member }: Seat): string {
  return `${member.instance}\0${member.memberId}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Seats with `least` places each, and a few that may take one more. */
class Table {
  readonly #seats: readonly Seat[];
  readonly #least: number;
  readonly #larger: number;

  constructor(seats: readonly Seat[], tasks: number) {
    this.#seats = seats;
    this.#least = Math.floor(tasks / seats.length);
    this.#larger = tasks % seats.length;
  }

  seatOwner(task: number): boolean {
    const seat = this.#seats.find((candidate) => candidate.owned.has(task) && this.#hasRoom(candidate));
    seat?.tasks.add(task);
    return seat !== undefined;
  }

  /**
   * Finds a warm seat for a task, moving others from one warm seat to another where that makes room (an augmenting
   * path: so no order of the tasks can end with fewer warm ones).
   */
  seatWarm(task: number, tried: Set<Seat>): boolean {
    const seats = this.#seats.filter((seat) => seat.warm.has(task) && !tried.has(seat));
    for (const seat of seats) tried.add(seat);
    const found =
      seats.find((seat) => this.#hasRoom(seat)) ?? seats.find((seat) => this.#makeRoom(seat, tried));
    found?.tasks.add(task);
    return found !== undefined;
  }

  seatAnywhere(task: number): void {
    const seat = this.#seats
      .filter((candidate) => this.#hasRoom(candidate))
      .reduce((best, next) => (next.tasks.size < best.tasks.size ? next : best));
    seat.tasks.add(task);
  }

  #hasRoom({ tasks }: Seat): boolean {
    return (
      tasks.size < this.#least || (tasks.size === this.#least && this.#largerOnes().length < this.#larger)
    );
  }

  #largerOnes(): Seat[] {
    return this.#seats.filter(({ tasks }) => tasks.size > this.#least);
  }

  #makeRoom(seat: Seat, tried: Set<Seat>): boolean {
    if (this.#moveOne(seat, tried)) return true;
    // It may be the one with a task more, if another gives that up.
    if (seat.tasks.size > this.#least) return false;
    return this.#largerOnes().some((larger) => !tried.has(larger) && this.#shrink(larger, tried));
  }

  #shrink(larger: Seat, tried: Set<Seat>): boolean {
    tried.add(larger);
    return this.#moveOne(larger, tried);
  }

  /** Moves one of a seat's tasks to another seat where it is warm. */
  #moveOne(seat: Seat, tried: Set<Seat>): boolean {
    for (const task of seat.tasks) {
      if (!this.seatWarm(task, tried)) continue;
      seat.tasks.delete(task);
      return true;
    }
    return false;
  }
}

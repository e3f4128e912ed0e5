import { describe, expect, it } from '@jest/globals';
import { drive } from '../driver/index.ts';
import { topology } from '../topology/topology.ts';
import type { StreamTopic } from '../topology/types.ts';
import { jsonSerde, textSerde } from './serdes.ts';
import { stream } from './stream.ts';
import { unmatched } from './unmatched.ts';

interface Told {
  readonly atMs: number;
}

const told: StreamTopic<Told> = { name: 'told', partitions: 'P', serde: jsonSerde('told') };
const seen: StreamTopic<string> = { name: 'seen', partitions: 'P', serde: textSerde };

/** What waits under a key after records under several. */
function waitingOf(key: string, given: readonly (readonly [key: string, atMs: number])[]): readonly string[] {
  const waiting = unmatched('waiting', jsonSerde<Told>('told'), 100);
  const part = stream(
    told,
    (record, context) => {
      waiting.add(context, record.key, record.value.atMs, record.offset, record.value);
      const all = [...waiting.of(context, key)].map(({ closeMs, timeMs }) => `${timeMs}:${closeMs}`);
      context.emit(seen, record.key, all.join(' '));
    },
    { stores: [waiting.store], outputs: [seen] },
  );
  const driver = drive(topology('waiting', { order: 'free', parts: [part] }));
  for (const [each, atMs] of given) driver.pipe(told, each, { atMs });
  return driver.read(seen).at(-1)?.value?.split(' ') ?? [];
}

describe('records that wait for a match', () => {
  it('lie in the order in which they close, times before 1970 too', () => {
    const given = [
      ['a', 20],
      ['a', -5],
      ['a', 1_767_225_600_000],
      ['a', 3],
    ] as const;
    expect(waitingOf('a', given)).toEqual(['-5:95', '3:103', '20:120', '1767225600000:1767225600100']);
  });

  it('are those of the key alone, whatever signs other keys have', () => {
    expect(
      waitingOf('a', [
        ['a\0b', 1],
        ['ab', 2],
        ['a', 3],
        ['a\0', 4],
        ['', 5],
      ]),
    ).toEqual(['3:103']);
  });

  it('are told apart when they happened at the same time', () => {
    expect(
      waitingOf('a', [
        ['a', 1],
        ['a', 1],
      ]),
    ).toEqual(['1:101', '1:101']);
  });
});

import { type Application, application, type Serde, type StreamTopic, topology } from '@zhongtai/streams';

const numberSerde: Serde<number> = {
  name: 'number',
  encode: (value) => Buffer.from(String(value)),
  decode: (bytes) => Number(bytes.toString()),
};

const textSerde: Serde<string> = {
  name: 'text',
  encode: (value) => Buffer.from(value),
  decode: (bytes) => bytes.toString(),
};

export const inputOf = (name: string): string => `${name}.words`;
export const outputOf = (name: string): string => `${name}.counts`;

/** Counts the records of each key; every count is told, so that a lost or doubled record shows in the outputs. */
export function countApplication(name: string): Application {
  const words: StreamTopic<string> = { name: inputOf(name), partitions: 'P', serde: textSerde };
  const counts: StreamTopic<number> = { name: outputOf(name), partitions: 'P', serde: numberSerde };
  const store = { kind: 'keyed', name: 'counts', serde: numberSerde } as const;
  return application(name, [
    topology('count', {
      order: 'free',
      parts: [
        {
          name: 'count',
          operator: 'count',
          stores: [store],
          outputs: [counts],
          inputs: [
            {
              topic: words,
              kind: 'stream',
              stage: 'count',
              handle(record, context) {
                const count = (context.store(store).get(record.key) ?? 0) + 1;
                context.store(store).put(record.key, count);
                context.emit(counts, record.key, count);
              },
            },
          ],
        },
      ],
    }),
  ]);
}

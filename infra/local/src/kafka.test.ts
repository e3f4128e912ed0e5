import { describe, expect, it } from '@jest/globals';
import { kafkaPart, kafkaProperties, newClusterId } from './kafka.ts';
import { parseMetadata } from './kafka-check.ts';
import { foldersOf } from './part.ts';

const settings = {
  folders: foldersOf('/somewhere'),
  java: 'java',
  jars: '/cache/kafka',
  port: 19_092,
  controllerPort: 19_093,
  javaOptions: [],
};

function propertiesOf(text: string): Map<string, string> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

describe('the broker', () => {
  const properties = propertiesOf(kafkaProperties(settings));

  it('listens on this machine only, where the stack says', () => {
    expect(properties.get('listeners')).toBe('PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093');
    expect(properties.get('advertised.listeners')).toBe('PLAINTEXT://127.0.0.1:19092');
    expect(kafkaPart(settings).address).toBe('127.0.0.1:19092');
  });

  it('makes no topic by accident and keeps positions for fourteen days', () => {
    expect(properties.get('auto.create.topics.enable')).toBe('false');
    expect(properties.get('offsets.retention.minutes')).toBe('20160');
  });

  it('asks for no copy that one broker could not make', () => {
    const copies = [...properties].filter(([name]) => /replication\.factor$|min\.isr$|insync/.test(name));
    expect(copies.length).toBeGreaterThanOrEqual(7);
    expect(copies.every(([, value]) => value === '1')).toBe(true);
  });
});

describe('an answer to the health check', () => {
  const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const int = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const answer = (brokers: number, controller: number) =>
    Buffer.concat([
      int(7),
      int(0),
      int(brokers),
      ...Array.from({ length: brokers }, () =>
        Buffer.concat([int(1), text('127.0.0.1'), int(9092), Buffer.from([255, 255])]),
      ),
      text('cluster'),
      int(controller),
      int(0),
    ]);

  it('tells brokers and controller', () => {
    expect(parseMetadata(answer(2, 1))).toEqual({ brokers: 2, controllerId: 1 });
    expect(parseMetadata(answer(0, -1))).toEqual({ brokers: 0, controllerId: -1 });
  });

  it('that is no Kafka is refused', () => {
    expect(() => parseMetadata(Buffer.from('HTTP/1.1 400 Bad Request'))).toThrow('does not speak Kafka');
  });
});

describe('the id of a new cluster', () => {
  it('never begins with a dash, which the formatting tool would take for an option', () => {
    for (let first = 0; first < 256; first++) {
      expect(newClusterId(Buffer.alloc(16, first))).toMatch(/^\w[\w-]{21}$/);
    }
  });
});

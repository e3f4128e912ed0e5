import { describe, expect, it } from '@jest/globals';
import type { DeadLetter } from '@zhongtai/highway';
import { schemaText, topics } from '@zhongtai/schemas';
import avro from 'avsc';
import { avroTopic } from './avro-topic.ts';
import { createLetters } from './letters.ts';

const late = avro.Type.forSchema(JSON.parse(schemaText('zhongtai.platform.LateRecord')));

function letters() {
  const sent: DeadLetter[] = [];
  const built = createLetters({
    codec: { encode: (_topic, _record, value) => late.toBuffer(value) },
    deadLetters: {
      message(letter) {
        sent.push(letter);
        return { topic: 'dead-letter', key: 'the-key', value: Buffer.from('letter'), timestampMs: 5 };
      },
    },
    partitions: 4,
    partitionOf: (key, partitions) => key.length % partitions,
    clock: () => 1000,
  });
  return { ...built, sent };
}

const letter = {
  topology: 'check',
  stage: 'check-order',
  topic: 'direct.order',
  partition: 3,
  offset: 41,
  reason: 'ZT-ADMIT-SOURCE',
  message: 'is no event of order',
  key: Buffer.from('phone 0922111834'),
  value: Buffer.from('clear'),
  headers: { trace: Buffer.from('t') },
  schemaId: null,
  timestampMs: 900,
  eventTimeMs: 800,
};

describe('a dead letter', () => {
  it('names topology and rule, and is sealed where its topic may hold identifiers in clear', () => {
    const { deadLetter, sent } = letters();
    expect(deadLetter(letter)).toEqual({
      topic: 'dead-letter',
      partition: 3,
      key: Buffer.from('the-key'),
      value: Buffer.from('letter'),
      timestampMs: 5,
    });
    deadLetter({ ...letter, topic: 'inbound.order', schemaId: 7 });
    expect(sent.map(({ stage, clear, schemaId }) => ({ stage, clear, schemaId }))).toEqual([
      { stage: 'check/check-order', clear: true, schemaId: undefined },
      { stage: 'check/check-order', clear: false, schemaId: 7 },
    ]);
  });
});

describe('a late record', () => {
  const lateLetter = { ...letter, topic: 'highway.order', latenessMs: 70, streamTimeMs: 990 };

  it('says how late it was for whom, with its bytes', () => {
    const { key, value, topic, timestampMs } = letters().late(lateLetter);
    expect({ topic, key: String(key), timestampMs }).toEqual({
      topic: 'late',
      key: 'highway.order-3-41-check',
      timestampMs: 1000,
    });
    expect(late.fromBuffer(value ?? Buffer.alloc(0))).toMatchObject({
      offset: 41,
      hop: 'check',
      stage: 'check-order',
      lateness_ms: 70,
      event_time: 800,
      stream_time: 990,
      value: Buffer.from('clear'),
    });
  });

  it('shows nothing of bytes that may hold identifiers in clear', () => {
    const { value } = letters().late({ ...lateLetter, topic: 'direct.order' });
    const shown = late.fromBuffer(value ?? Buffer.alloc(0));
    expect(shown).toMatchObject({ key: null, headers: [], value: null });
  });
});

describe('a topic of the catalogue', () => {
  const topic = topics['highway.order'];
  if (topic === undefined) throw new Error('the catalogue has no highway.order');
  const recordName = 'zhongtai.order.OrderPlaced';
  const codec = {
    encode: (_topic: string, name: string) => Buffer.from(name),
    decode: <T>(bytes: Buffer) => {
      const value: T = JSON.parse('{"event_time":12}');
      return { schemaId: 1, recordName: String(bytes), value };
    },
  };

  it('gives and takes records by their type, at the time of the event', () => {
    const { serde, eventTimeMs } = avroTopic(topic, codec);
    const value = serde.decode(serde.encode({ recordName, value: {} }));
    expect(value).toEqual({ recordName, value: { event_time: 12 } });
    expect(eventTimeMs?.(value)).toBe(12);
  });

  it('refuses a type that it does not carry', () => {
    const { serde } = avroTopic(topic, codec);
    const foreign = Buffer.from('zhongtai.order.Other');
    expect(() => serde.decode(foreign)).toThrow(expect.objectContaining({ failure: 'bad_record' }));
  });
});

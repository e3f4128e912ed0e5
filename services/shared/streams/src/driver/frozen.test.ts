import { describe, expect, it } from '@jest/globals';
import type { Context } from '../context.ts';
import { jsonSerde } from '../operators/serdes.ts';
import { stream } from '../operators/stream.ts';
import { table } from '../operators/table.ts';
import { topology } from '../topology/topology.ts';
import type { KeyedStoreDefinition, StreamTopic, WindowStoreDefinition } from '../topology/types.ts';
import { drive } from './driver.ts';

interface Deep {
  inner: { list: number[] };
}

const input: StreamTopic<Deep> = { name: 'input', partitions: 'P', serde: jsonSerde('deep') };
const keyed: KeyedStoreDefinition<Deep> = { kind: 'keyed', name: 'keyed', serde: jsonSerde('deep') };
const windowed: WindowStoreDefinition<Deep> = {
  ...{ kind: 'window', name: 'windowed', serde: jsonSerde('deep') },
  ...{ retentionMs: 1000, segmentMs: 1000 },
};

function reasonOf(handle: (value: Deep, context: Context) => void): string | undefined {
  const part = stream(input, ({ value }, context) => handle(value, context), { stores: [keyed, windowed] });
  const driver = drive(topology('deep', { order: 'free', parts: [part] }));
  driver.pipe(input, 'k', { inner: { list: [1] } });
  return driver.deadLetters()[0]?.message;
}

describe('the driver freezes', () => {
  it('what comes', () => {
    expect(reasonOf((value) => value.inner.list.push(2))).toMatch(/not extensible/);
  });

  it('what was put', () => {
    const change = (value: Deep, context: Context) => {
      const own = { inner: { list: [...value.inner.list] } };
      context.store(keyed).put('k', own);
      own.inner.list.push(2);
    };
    expect(reasonOf(change)).toMatch(/not extensible/);
  });

  it('what is got, of windows too', () => {
    const change = (value: Deep, context: Context) => {
      const window = context.window(windowed);
      window.put('k', context.streamTimeMs, value);
      for (const entry of window.fetch('k', 0, context.streamTimeMs)) entry.value.inner.list = [];
    };
    expect(reasonOf(change)).toMatch(/read only/);
  });

  it('rows of tables, as callbacks get them', () => {
    const rows = table(input, { onChange: ({ after }) => after?.inner.list.push(2) });
    const driver = drive(topology('rows', { order: 'arrival', parts: [rows] }));
    driver.pipe(input, 'k', { inner: { list: [] } });
    expect(driver.deadLetters()[0]?.message).toMatch(/not extensible/);
  });
});

import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { type Component, createLifecycle, runUntilSignal } from './lifecycle.ts';
import { createLogger } from './logger.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

function recorder() {
  const seen: string[] = [];
  const component = (name: string, failing?: 'start' | 'stop'): Component => ({
    name,
    start: async () => {
      if (failing === 'start') throw new Error(`${name} cannot start`);
      seen.push(`start ${name}`);
    },
    stop: async () => {
      seen.push(`stop ${name}`);
      if (failing === 'stop') throw new Error(`${name} cannot stop`);
    },
  });
  return { seen, component };
}

describe('createLifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { seen, component } = recorder();
    const lifecycle = createLifecycle(logger);
    lifecycle.addOpen('client', async () => void seen.push('close client'));
    lifecycle.add(component('broker'));
    lifecycle.add(component('http'));
    await lifecycle.start();
    await lifecycle.stop();
    expect(seen).toEqual(['start broker', 'start http', 'stop http', 'stop broker', 'close client']);
  });

  it('stops what had started when a later one fails, and passes the error on', async () => {
    const { seen, component } = recorder();
    const lifecycle = createLifecycle(logger);
    lifecycle.add(component('broker'));
    lifecycle.add(component('http', 'start'));
    await expect(lifecycle.start()).rejects.toThrow('http cannot start');
    expect(seen).toEqual(['start broker', 'stop broker']);
  });

  it('stops the others when one fails to stop, and reports it', async () => {
    const { seen, component } = recorder();
    const lifecycle = createLifecycle(logger);
    lifecycle.add(component('broker'));
    lifecycle.add(component('http', 'stop'));
    await lifecycle.start();
    await expect(lifecycle.stop()).rejects.toThrow('components failed to stop');
    expect(seen.slice(-2)).toEqual(['stop http', 'stop broker']);
  });

  it('stops the component that is still starting, then those before it, and starts none after it', async () => {
    const { seen, component } = recorder();
    const lifecycle = createLifecycle(logger);
    lifecycle.add(component('client'));
    lifecycle.add(patient(seen));
    lifecycle.add(component('http'));
    const start = lifecycle.start();
    await new Promise(setImmediate);
    await lifecycle.stop();
    await start;
    expect(seen).toEqual(['start client', 'give up', 'stop client']);
  });
});

/** Waits in its start for something that never comes, until it is told to stop. */
function patient(seen: string[]): Component {
  let giveUp = (_: Error): void => {};
  return {
    name: 'patient',
    start: () => new Promise((_, reject) => (giveUp = reject)),
    stop: async () => {
      seen.push('give up');
      giveUp(new Error('stopped'));
    },
  };
}

describe('runUntilSignal', () => {
  function host() {
    const emitter = new EventEmitter();
    const exit = jest.fn((_code?: number | string | null) => undefined as never);
    return { emitter, exit, process: Object.assign(emitter, { exit }) as unknown as NodeJS.Process };
  }

  it('stops at SIGTERM and exits 0', async () => {
    const { seen, component } = recorder();
    const { emitter, exit, process } = host();
    const run = runUntilSignal(component('gateway'), logger, { process });
    await new Promise(setImmediate);
    emitter.emit('SIGTERM');
    await run;
    expect(seen).toEqual(['start gateway', 'stop gateway']);
    expect(exit).toHaveBeenCalledWith(0);
  });

  it('hears SIGTERM while the start still waits, stops what is starting and exits 0', async () => {
    const seen: string[] = [];
    const { emitter, exit, process } = host();
    const run = runUntilSignal(patient(seen), logger, { process });
    await new Promise(setImmediate);
    emitter.emit('SIGTERM');
    await run;
    expect(seen).toEqual(['give up']);
    expect(exit.mock.calls).toEqual([[0]]);
  });

  it('exits 0 at SIGTERM though the start never comes to an end', async () => {
    const { emitter, exit, process } = host();
    const deaf: Component = { name: 'deaf', start: () => new Promise(() => {}), stop: async () => {} };
    const run = runUntilSignal(deaf, logger, { process });
    await new Promise(setImmediate);
    emitter.emit('SIGTERM');
    await run;
    expect(exit.mock.calls).toEqual([[0]]);
  });

  it('exits 1 when the start fails', async () => {
    const { component } = recorder();
    const { exit, process } = host();
    await runUntilSignal(component('gateway', 'start'), logger, { process });
    expect(exit).toHaveBeenCalledWith(1);
  });

  it('exits 1 when the stop takes longer than allowed', async () => {
    const { emitter, exit, process } = host();
    let release = () => {};
    const stuck: Component = {
      name: 'stuck',
      start: async () => {},
      stop: () => new Promise<void>((resolve) => (release = resolve)),
    };
    const run = runUntilSignal(stuck, logger, { process, stopWithinMs: 10 });
    await new Promise(setImmediate);
    emitter.emit('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(exit).toHaveBeenCalledWith(1);
    release();
    await run;
  });
});

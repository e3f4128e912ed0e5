import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { addresses, ConfigError, configured, integer, parseConfig, secret } from './config.ts';

const schema = z.object({
  KAFKA_BROKERS: addresses('127.0.0.1:9092'),
  PORT: integer(8080, 0, 65_535),
  TOKEN_SECRET: secret(16),
});

describe('parseConfig', () => {
  it('fills defaults, takes an empty variable as absent and freezes the result', () => {
    const config = parseConfig(schema, { TOKEN_SECRET: 'sixteen characters', PORT: '' });
    expect(config.PORT).toBe(8080);
    expect(config.KAFKA_BROKERS).toEqual(['127.0.0.1:9092']);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports every problem at once, by the name of the variable', () => {
    const parse = () => parseConfig(schema, { KAFKA_BROKERS: 'nowhere', PORT: '99999' });
    expect(parse).toThrow(ConfigError);
    try {
      parse();
    } catch (error) {
      const { problems } = error as ConfigError;
      expect(problems).toHaveLength(3);
      expect(problems.join('\n')).toMatch(/KAFKA_BROKERS must be host:port/);
      expect(problems.join('\n')).toMatch(/PORT/);
      expect(problems.join('\n')).toMatch(/TOKEN_SECRET is required/);
    }
  });

  it('never shows a secret, neither when printed nor in the error about it', () => {
    const config = parseConfig(schema, { TOKEN_SECRET: 'the-secret-of-sixteen' });
    expect(`${config.TOKEN_SECRET} ${JSON.stringify(config)} ${inspect(config)}`).not.toContain('the-secret');
    expect(config.TOKEN_SECRET.reveal()).toBe('the-secret-of-sixteen');
    expect(() => parseConfig(schema, { TOKEN_SECRET: 'short-one' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('short-one') }),
    );
  });

  it('says what a variable must be and what was given', () => {
    const given = { KAFKA_BROKERS: 'a:1', PORT: 'abc', TOKEN_SECRET: 'sixteen characters' };
    expect(() => parseConfig(schema, given)).toThrow(
      expect.objectContaining({ problems: ['PORT must be a whole number from 0 to 65535, not "abc"'] }),
    );
  });

  it('does not take empty brokers for the default', () => {
    expect(() => parseConfig(schema, { KAFKA_BROKERS: '', TOKEN_SECRET: 'sixteen characters' })).toThrow(
      expect.objectContaining({ problems: ['KAFKA_BROKERS must be host:port[,host:port]'] }),
    );
  });
});

describe('configured', () => {
  it('prints the sentences alone and exits 1', () => {
    const printed: string[] = [];
    const host = {
      stderr: { write: (text: string) => printed.push(text) },
      exit: (code: number): never => {
        throw new Error(`exit ${code}`);
      },
    };
    const read = () => configured(() => parseConfig(schema, { PORT: '-1' }), host);
    expect(read).toThrow('exit 1');
    expect(printed).toEqual([
      'PORT must be a whole number from 0 to 65535, not "-1"\nTOKEN_SECRET is required\n',
    ]);
  });
});

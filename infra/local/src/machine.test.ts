import { describe, expect, it } from '@jest/globals';
import { findJava, findMaven, javaVersion } from './machine.ts';

const said = (version: string) => `openjdk version "${version}" 2025-04-15\nOpenJDK Runtime Environment`;

describe('what the machine must have', () => {
  it('reads the major version of old and new Java', () => {
    expect(javaVersion(said('17.0.15'))).toBe(17);
    expect(javaVersion(said('25'))).toBe(25);
    expect(javaVersion('java version "1.8.0_392"')).toBe(8);
    expect(javaVersion('sh: java: not found')).toBeUndefined();
  });

  it('prefers JAVA_HOME when that is new enough', () => {
    const say = (command: string) => said(command === '/old/bin/java' ? '11.0.1' : '21.0.2');
    expect(findJava({ JAVA_HOME: '/new' }, say)).toBe('/new/bin/java');
    expect(findJava({ JAVA_HOME: '/old' }, say)).toBe('java');
  });

  it('names a missing or old Java with the command that installs one', () => {
    expect(() => findJava({}, () => undefined)).toThrow(/Java 17 or newer.*there is none.*install/);
    expect(() => findJava({}, () => said('11.0.22'))).toThrow(/this is 11/);
  });

  it('names a missing Maven likewise', () => {
    expect(findMaven(() => 'Apache Maven 3.9.9')).toBe('mvn');
    expect(() => findMaven(() => undefined)).toThrow(/Maven is needed.*install/);
  });
});

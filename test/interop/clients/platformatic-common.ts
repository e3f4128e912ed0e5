import { readFileSync } from 'node:fs';

/** A record of text. */
export interface TextRecord {
  topic: string;
  key: string;
  value: string;
  header: string;
}

/** The job that the process was started with: its first argument names a JSON file. */
export function readJob<T>(): T {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: node <client>.ts <job.json>');
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

import type { Highway } from '@zhongtai/highway';
import type { Warehouse } from '@zhongtai/warehouse';
import type { Dataset } from '../../datasets/index.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Load } from './load.ts';

export interface ProveMainOptions {
  /** Emptied first. */
  readonly folder: string;
  readonly dataset: Dataset;
  readonly planted: number;
  readonly batchSize: number;
  readonly kills: number;
  readonly seed: number;
  /** How long to watch the idle processes; 0 leaves it out, where other work would disturb it. */
  readonly idleSeconds: number;
  /** Events at full speed and seconds at a steady pace afterwards; left out: speed is not measured. */
  readonly pace?: { readonly events: number; readonly seconds: number };
  /** More environment for the gateway and the sink, such as shorter time-outs in a short run. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** A run: its platform, our clients of it, and what is sent to it. */
export interface Scene extends ProveMainOptions {
  readonly platform: Platform;
  readonly highway: Highway;
  readonly warehouse: Warehouse;
  readonly load: Load;
}

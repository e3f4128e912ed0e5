import { open } from './highway-log-client.ts';
import { describeBrokerRestart } from './log-broker-restart.ts';

const module = new URL('./highway-log-client.ts', import.meta.url).pathname;
describeBrokerRestart({ name: 'the highway', open, module });

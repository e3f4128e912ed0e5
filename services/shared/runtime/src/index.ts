export { addresses, ConfigError, configured, integer, parseConfig, Secret, secret } from './config.ts';
export {
  codeOf,
  type ErrorCode,
  type ErrorOptions,
  type Failure,
  isFailure,
  messageOf,
  ZhongtaiError,
} from './errors.ts';
export {
  type Component,
  createLifecycle,
  type Lifecycle,
  type RunOptions,
  runUntilSignal,
} from './lifecycle.ts';
export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
export { addProcessMetrics, Counter, createMetrics, Gauge, Histogram, type Registry } from './metrics.ts';
export { createOperationsApp, type OperationsOptions, type Readiness } from './operations.ts';
export {
  createOperationsServer,
  type OperationsServer,
  type OperationsServerOptions,
} from './operations-server.ts';
export { type UntilReadyOptions, untilReady } from './until-ready.ts';

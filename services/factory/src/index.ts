export { createFactory, type Factory, type FactoryOptions } from './app.ts';
export { type FactoryConfig, parseFactoryConfig } from './config.ts';

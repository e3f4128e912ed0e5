export { type EndpointName, type Endpoints, readEndpoints, writeEndpoints } from './endpoints.ts';
export { type Jars, provideJars } from './jars.ts';
export { type PartName, partNames } from './part.ts';
export { choosePorts } from './ports.ts';
export { usageOf } from './processes.ts';
export type { Service } from './service.ts';
export { startStack } from './stack.ts';
export type { Flavour, Stack, StackOptions } from './stack-contract.ts';
export { stopStack } from './stop.ts';

export { type EndpointName, type Endpoints, readEndpoints, writeEndpoints } from './endpoints.ts';
export { type PartName, partNames } from './part.ts';
export {
  type Flavour,
  type Stack,
  type StackOptions,
  startEmbedded as startStack,
  stopStack,
} from './stack.ts';

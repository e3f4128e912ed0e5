export { type ApiGateway, type ApiGatewayOptions, createApiGateway, type GatewayHighway } from './app.ts';
export { type GatewayConfig, gatewayConfigSchema } from './config.ts';
export {
  type GatewayFaultCode,
  gatewayFaultCodes,
  type Refusal,
  type RefusalCode,
  type RequestRefusalCode,
  refusalCodes,
  requestRefusals,
} from './errors.ts';
export { readKeyFile } from './keys/key-file.ts';
export { createKey, type Grant, grants, type KeyFile, keyFileSchema, type StoredKey } from './keys/keys.ts';

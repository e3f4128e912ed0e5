import { type ErrorOptions, type Failure, ZhongtaiError } from '@zhongtai/runtime';

/** Every error of the factory: code -> what it means for the work in hand. */
export const factoryErrors = {
  /** APPLICATION names none that this factory has. The message lists those that it has. */
  'ZT-FACTORY-APPLICATION': 'fatal',
  /** VAULT_KEY is not a key. */
  'ZT-FACTORY-VAULT-KEY': 'fatal',
  /** What is asked of the reset contradicts itself, or names a topology that is still part of its application. */
  'ZT-FACTORY-RESET': 'fatal',
  /** A value is of a record type that its topic does not carry. Set aside; its writer is not one of the contract. */
  'ZT-FACTORY-FOREIGN-RECORD': 'bad_record',
} as const satisfies Record<`ZT-FACTORY-${string}`, Failure>;

export class FactoryError extends ZhongtaiError {
  override readonly name = 'FactoryError';

  constructor(code: keyof typeof factoryErrors, message: string, options: ErrorOptions = {}) {
    super(code, factoryErrors[code], message, options);
  }
}

import { type ErrorOptions, type Failure, ZhongtaiError } from '@zhongtai/runtime/errors';

/**
 * Every error of the local stack: code -> what it means for the work in hand. What happened and what to do stands
 * above each; the README's table repeats it.
 */
export const localErrors = {
  /** A part or service does not answer as it should. Wait; its log in `logs/` says more. */
  'ZT-LOCAL-HEALTH': 'retryable',
  /** A part or service did not come up. Read the log that the message names. */
  'ZT-LOCAL-START': 'fatal',
  /** A part is not there: not asked for, unknown, or the running stack has others. `make down` first. */
  'ZT-LOCAL-PARTS': 'fatal',
  /** The process that watches over this stack is gone. Start the stack anew. */
  'ZT-LOCAL-SUPERVISOR': 'fatal',
  /** Another process holds a lock file for too long. Try again; remove the file if nobody is there. */
  'ZT-LOCAL-LOCK': 'retryable',
  /** No free port was found. End what holds them. */
  'ZT-LOCAL-PORTS': 'fatal',
  /** Maven could not fetch the jars. Look at the network and at Maven's message, then try again. */
  'ZT-LOCAL-FETCH': 'retryable',
  /** There is no Java of the needed version. Install it with the command in the message. */
  'ZT-LOCAL-JAVA': 'fatal',
  /** There is no Maven. Install it with the command in the message. */
  'ZT-LOCAL-MAVEN': 'fatal',
  /** There is no Node of the needed version. Run npm install, which brings it. */
  'ZT-LOCAL-NODE': 'fatal',
  /** PostgreSQL will not run as root and there is no account for it. Make one: useradd postgres. */
  'ZT-LOCAL-ROOT': 'fatal',
  /** The PostgreSQL cluster could not be made. The message carries its own words. */
  'ZT-LOCAL-POSTGRES': 'fatal',
  /** Docker or docker compose refused. The message carries its own words. */
  'ZT-LOCAL-DOCKER': 'fatal',
  /** ZHONGTAI_STACK is no flavour, or what was asked for is not known of parts in Docker. */
  'ZT-LOCAL-FLAVOUR': 'fatal',
} as const satisfies Record<`ZT-LOCAL-${string}`, Failure>;

export type LocalErrorCode = keyof typeof localErrors;

/** An error of the local stack; what it means for the work in hand follows from its code. */
export function localError(code: LocalErrorCode, message: string, options?: ErrorOptions): ZhongtaiError {
  return new ZhongtaiError(code, localErrors[code], message, options);
}

function isLocalCode(code: string): code is LocalErrorCode {
  return Object.hasOwn(localErrors, code);
}

/** The code that another process of ours reported; one that is not in the list counts as a failed start. */
export function parseLocalCode(code: string): LocalErrorCode {
  return isLocalCode(code) ? code : 'ZT-LOCAL-START';
}

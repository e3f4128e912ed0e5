/** Why sending stopped, by code. What was accepted until then stays accepted. */
export const sendCodes = {
  /** The key is unknown, or may not send these events (401, 403). Create one with `make key`. */
  refused: 'ZT-SEND-KEY',
  /** The gateway did not take a batch for so long that the sender gave up. Look at the gateway and its broker. */
  gaveUp: 'ZT-SEND-GAVE-UP',
  /** The gateway's answer leaves open what became of an event. That must never happen: report it. */
  unaccounted: 'ZT-SEND-ANSWER',
  /** The caller's signal ended the sending. */
  aborted: 'ZT-SEND-ABORTED',
} as const;

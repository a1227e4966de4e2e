/** Milliseconds after which an answer is not waited for any more. Statements run in the warehouse, so every call answers soon. */
const ANSWER_MILLISECONDS = 20_000;

/**
 * Settings of a client that gives a call up that hangs, and sends it again: all of ours may be repeated. The SDK waits between tries, longer where
 * it is throttled, so a ledger that is short of capacity delays a load; what still fails after 8 tries stays in the queue.
 */
export const patient = (requestTimeout = ANSWER_MILLISECONDS) => ({
  maxAttempts: 8,
  // Without the last one the SDK only warns, and waits on.
  requestHandler: { connectionTimeout: 3000, requestTimeout, throwOnRequestTimeout: true },
});

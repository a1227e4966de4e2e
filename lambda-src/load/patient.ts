/**
 * A call that hangs is given up and sent again: all of ours may be repeated. The SDK waits between tries, longer where it is throttled, so
 * a ledger that is short of capacity delays a load; what still fails then stays in the queue.
 */
export const PATIENT = { maxAttempts: 8, requestHandler: { connectionTimeout: 3000, requestTimeout: 20_000 } } as const;

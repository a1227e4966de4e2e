/** Waiting between tries: exponential, with full jitter. Milliseconds. */
const FIRST_MS = 100;
const LONGEST_MS = 20_000;
/** A server that asks for more is not waited for longer than this. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * Milliseconds to wait before try `tries + 1`: an even draw up to 100 ms, 200, 400 ... 20 s, so that senders that failed
 * together do not come back together; never less than the server asked for.
 *
 * @param retryAfter value of a Retry-After header: seconds, or a date
 * @param random a draw from [0, 1)
 */
export function backOffMs(tries: number, retryAfter: string | undefined, random: number, now: Date): number {
  const jittered = random * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 30));
  return Math.max(jittered, Math.min(LONGEST_RETRY_AFTER_MS, askedMs(retryAfter, now)));
}

function askedMs(retryAfter: string | undefined, now: Date): number {
  if (retryAfter === undefined) return 0;
  const ms = /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

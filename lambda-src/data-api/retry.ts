import { isConflict, SqlFailure } from "./sql";

/** The clock, given from outside so that tests need not wait. */
export interface Waiting {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

const ATTEMPTS = 6;

/** Whether a failure after `attempts` tries is worth one more: someone else was there, not wrong SQL. */
export const worthRetrying = (failure: unknown, attempts: number): boolean =>
  failure instanceof SqlFailure && isConflict(failure) && attempts < ATTEMPTS;

/** Runs `work`, which may be repeated, again while the warehouse says that someone else was in the way. */
export async function despiteConflicts<T>(waiting: Waiting, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!worthRetrying(error, attempt)) throw error;
      await waiting.sleep(backOff(attempt));
    }
  }
}

export const backOff = (attempt: number): number => Math.min(5000, 200 * 2 ** attempt);

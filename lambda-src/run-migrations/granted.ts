import type { Deadline } from "../data-api/deadline";

const PATIENCE_MILLISECONDS = 60_000;
const STEP_MILLISECONDS = 3000;

/**
 * Runs `call`, and for a minute again while it is refused for want of a right. Terraform attaches the role's policies seconds before
 * it invokes this function, and IAM takes a while to know everywhere.
 */
export async function onceGranted<T>(
  call: () => Promise<T>,
  deadline: Deadline,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<T> {
  for (let waited = 0; ; waited += STEP_MILLISECONDS) {
    try {
      return await call();
    } catch (error) {
      const denied =
        error instanceof Error &&
        (error.name === "AccessDeniedException" || /not authorized to perform/i.test(error.message));
      if (!denied || waited >= PATIENCE_MILLISECONDS || deadline.remaining() <= STEP_MILLISECONDS) throw error;
      await sleep(STEP_MILLISECONDS);
    }
  }
}

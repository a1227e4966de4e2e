import type { createAuthorizer } from "./auth";
import { type Connections, NoAnswer, NotConnected, type Post } from "./connections";
import { again, type Outcome, readOutcome } from "./outcome";

/** Sends one request of `records` records once. Every end that a sender can act on is an outcome. */
export async function attempt(
  connections: Connections,
  authorize: ReturnType<typeof createAuthorizer>,
  post: Post,
  records: number,
): Promise<Outcome> {
  try {
    return readOutcome(await connections.send(await authorize(post)), records);
  } catch (error) {
    if (error instanceof NotConnected) return again(false, error.message);
    if (error instanceof NoAnswer) return again(true, error.message);
    throw error;
  }
}

/** A command cannot do what it was told to. The message is one line for the person who typed it. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** Something that a command had started could not be ended. */
export class CleanUpError extends CommandError {
  override name = "CleanUpError";
}

/** Ends what a command had started, and says so where it cannot. */
export async function cleanUp(end: () => Promise<void>): Promise<void> {
  try {
    await end();
  } catch (error) {
    throw new CleanUpError(`not everything that was started could be ended: ${(error as Error).message}`);
  }
}

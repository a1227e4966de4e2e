/** A command cannot do what it was told to. The message is one line for the person who typed it. */
export class CommandError extends Error {
  override name = "CommandError";
}

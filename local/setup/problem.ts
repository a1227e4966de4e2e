/** Something a person must put right before a run can start. The message is the whole story, on one line; no stack trace is shown. */
export class SetupError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SetupError";
  }
}

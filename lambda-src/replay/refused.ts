/** A replay that cannot be done for a reason a person can act on. The state machine must not try it again. */
export class ReplayRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReplayRefused";
  }
}

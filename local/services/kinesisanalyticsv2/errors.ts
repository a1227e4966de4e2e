/** The job cannot run as it is applied. The message is for the person who wrote the script. */
export class JobError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JobError";
  }
}

import { type Message, Refused, type Topic } from "./topic";

/** Messages of one request, and their bytes: a broker takes 1,048,588 bytes at once (`message.max.bytes`), headers of records included. */
export const BATCH = 1000;
const BATCH_BYTES = 1_000_000;
/** What a record adds to its key and value, at most. */
const RECORD_BYTES = 30;
const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 2000;

/** What a lane needs of the run around it. */
export interface LaneRun {
  sleep(milliseconds: number): Promise<void>;
  /** No more is tried once this is true. */
  late(): boolean;
  /** Called when messages have left the lane, acknowledged or given up. */
  moved(): void;
}

/**
 * The way to one partition: one request at a time, so that a request sent again is known as such by the broker (sequence numbers), and order is kept. What cannot be
 * sent is tried again, the very same messages, until the run is late.
 */
export class Lane {
  acknowledged = 0;
  /** Requests sent again. */
  retried = 0;
  /** Why no more is sent. */
  failure: Error | undefined;
  private queue: Message[] = [];
  private running = false;

  constructor(
    private readonly topic: Topic,
    private readonly partition: number,
    private readonly run: LaneRun,
  ) {}

  /** Taken and not yet acknowledged. */
  waiting = 0;

  push(message: Message): void {
    this.queue.push(message);
    this.waiting++;
  }

  /** Sends what waits, unless it is being sent already. */
  start(): void {
    if (this.running || this.queue.length === 0 || this.failure) return;
    this.running = true;
    void this.drain();
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, fitting(this.queue));
      try {
        await this.send(batch);
      } catch (error) {
        this.failure = error as Error;
        this.run.moved();
        return;
      }
      this.acknowledged += batch.length;
      this.waiting -= batch.length;
      this.run.moved();
    }
    // In the same step as the last look at the queue: what is pushed after it is started anew.
    this.running = false;
  }

  private async send(batch: readonly Message[]): Promise<void> {
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
      try {
        return await this.topic.send(this.partition, batch);
      } catch (error) {
        if (error instanceof Refused || this.run.late()) throw error;
        this.retried++;
        await this.run.sleep(pause);
      }
    }
  }
}

/** How many of the messages fit into one request; at least one, which the broker may refuse. */
function fitting(messages: readonly Message[]): number {
  let bytes = 0;
  let count = 0;
  for (; count < BATCH && count < messages.length; count++) {
    const { key, value } = messages[count]!;
    bytes += key.length + value.length + RECORD_BYTES;
    if (bytes > BATCH_BYTES) break;
  }
  return Math.max(count, 1);
}

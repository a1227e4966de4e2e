import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { AwsError } from "../gateway/types";

interface Reply {
  readonly id?: number;
  readonly ok?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
  readonly ready?: { readonly port: number; readonly pid: number };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

/** Questions and answers with a child process, one JSON document a line, in any order. */
export class Channel {
  private readonly waiting = new Map<number, Waiting>();
  private readonly readiness: Promise<{ port: number; pid: number }>;
  private announce!: Waiting;
  private nextId = 1;
  private closed: Error | undefined;

  constructor(
    private readonly input: Writable,
    output: Readable,
  ) {
    this.readiness = new Promise((resolve, reject) => {
      this.announce = { resolve: (value) => resolve(value as { port: number; pid: number }), reject };
    });
    // Someone may have stopped waiting for it; the failure is told by whoever asks next.
    this.readiness.catch(() => undefined);
    // A write to a child that has died is told by the child's exit, not by the pipe.
    input.on("error", () => undefined);
    createInterface({ input: output }).on("line", (line) => this.take(JSON.parse(line) as Reply));
  }

  /** Resolves when the child has said that it serves. */
  ready(): Promise<{ port: number; pid: number }> {
    return this.readiness;
  }

  /** An answer with an error is an AwsError with its code and words. */
  ask(verb: string, question: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.closed) return Promise.reject(this.closed);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.input.write(`${JSON.stringify({ id, verb, ...question })}\n`);
    });
  }

  /** Fails everything that waits and everything that will be asked. */
  close(reason: Error): void {
    if (this.closed) return;
    this.closed = reason;
    this.announce.reject(reason);
    for (const one of this.waiting.values()) one.reject(reason);
    this.waiting.clear();
  }

  private take(reply: Reply): void {
    if (reply.ready) {
      this.announce.resolve(reply.ready);
      return;
    }
    const one = this.waiting.get(reply.id ?? 0);
    if (!one) return;
    this.waiting.delete(reply.id ?? 0);
    if (reply.error) one.reject(new AwsError(reply.error.code, reply.error.message, 403));
    else one.resolve(reply.ok);
  }
}

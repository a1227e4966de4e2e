import { type ChildProcess, fork } from "node:child_process";
import * as path from "node:path";
import type { Gateway } from "../local/gateway";
import { childEnvironment } from "../local/setup/environment";
import type { Deployed } from "./deployed";

/** Milliseconds that a handler is told it has: far from its end, which the campaign's own kills are. */
const REMAINING_MS = 300_000;
const PROGRAM = path.resolve("faults", "worker.js");

/** What became of an invocation. */
export type Invoked =
  | { readonly kind: "answered"; readonly result: unknown }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "killed" };

interface Worker {
  readonly id: string;
  readonly child: ChildProcess;
  readonly gone: Promise<void>;
}

/** Containers of functions, as Lambda keeps them: one call at a time in each, used again while they live. */
export class Workers {
  private readonly idle = new Map<Deployed, Worker[]>();
  private readonly alive = new Map<string, Worker>();
  private started = 0;

  constructor(private readonly gateway: Gateway) {}

  /**
   * Calls a function.
   *
   * @param change what its environment has otherwise than it was applied with
   */
  async invoke(of: Deployed, event: unknown): Promise<Invoked> {
    const worker = this.idle.get(of)?.pop() ?? (await this.start(of));
    const { child } = worker;
    const answered = new Promise<Invoked>((resolve) => {
      child.once("message", (answer: { result?: unknown; error?: { name: string; message: string } }) =>
        resolve(
          answer.error
            ? { kind: "failed", message: `${answer.error.name}: ${answer.error.message}` }
            : { kind: "answered", result: answer.result },
        ),
      );
    });
    child.send({ event, remainingMs: REMAINING_MS });
    const outcome = await Promise.race([answered, worker.gone.then((): Invoked => ({ kind: "killed" }))]);
    child.removeAllListeners("message");
    if (outcome.kind !== "killed") this.idle.set(of, [...(this.idle.get(of) ?? []), worker]);
    return outcome;
  }

  /** Ends the process that sent a request, as `kill -9` does; answers whether there was one. */
  async kill(id: string): Promise<boolean> {
    const worker = this.alive.get(id);
    if (!worker) return false;
    worker.child.kill("SIGKILL");
    await worker.gone;
    return true;
  }

  /** Ends them all. */
  async close(): Promise<void> {
    await Promise.all([...this.alive.keys()].map((id) => this.kill(id)));
  }

  private async start(of: Deployed): Promise<Worker> {
    const id = `w${++this.started}`;
    const { aws, endpoint } = this.gateway;
    const { credentials } = aws.as(of.roleArn, "lambda.amazonaws.com");
    const keys = typeof credentials === "function" ? await credentials() : credentials;
    const env = childEnvironment(aws.folder, {
      ...of.environment,
      AWS_LAMBDA_FUNCTION_NAME: of.name,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      ...(keys.sessionToken ? { AWS_SESSION_TOKEN: keys.sessionToken } : {}),
      // Stands in the user agent of its requests, by which the campaign knows them.
      AWS_SDK_UA_APP_ID: id,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    });
    const child = fork(PROGRAM, [of.file, of.handler], {
      env,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [],
    });
    const gone = new Promise<void>((resolve) => {
      child.once("exit", () => {
        this.alive.delete(id);
        for (const [deployed, workers] of this.idle)
          this.idle.set(
            deployed,
            workers.filter((worker) => worker.id !== id),
          );
        resolve();
      });
    });
    const worker = { id, child, gone };
    this.alive.set(id, worker);
    return worker;
  }
}

/** The worker that a request came from, by its user agent. */
export const workerOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  /\bapp\/(w\d+)\b/.exec(`${headers["x-amz-user-agent"] ?? ""} ${headers["user-agent"] ?? ""}`)?.[1];

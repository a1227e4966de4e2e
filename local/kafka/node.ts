import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { lastLine, runCommand } from "../setup/command";
import { childEnvironment } from "../setup/environment";
import type { KafkaSetup } from "../setup/kafka";
import { SetupError } from "../setup/problem";

/** A broker that other brokers are wanted for waits for them; on a busy machine Java takes its time. */
const START_MILLISECONDS = 120_000;
const STOP_MILLISECONDS = 15_000;
const STARTED = "Kafka Server started";

/** Compiled by the quick compiler only and collected by one thread: three nodes start in seconds and take 1.1 GB together. */
const JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-Djava.net.preferIPv4Stack=true"];
const LOGGING = [
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
];

export interface NodeOptions {
  readonly setup: KafkaSetup;
  /** Of this node: its properties, its data, its log. */
  readonly folder: string;
  /** Of the run, which its processes are marked with. */
  readonly runFolder: string;
  readonly properties: string;
  readonly clusterId: string;
  /** Megabytes of Java heap. */
  readonly heap: number;
  readonly onProcess: (pid: number) => void;
}

/** One node: formatted once, then started, killed and started again on the same data. */
export class KafkaNode {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly options: NodeOptions,
    private readonly env: Record<string, string>,
  ) {}

  static async format(options: NodeOptions): Promise<KafkaNode> {
    mkdirSync(options.folder, { recursive: true });
    const env = childEnvironment(options.runFolder);
    const node = new KafkaNode(options, env);
    writeFileSync(node.properties, options.properties);
    const args = [...JVM, ...LOGGING, "-cp", options.setup.classpath, "kafka.tools.StorageTool"];
    const done = await runCommand(
      options.setup.java,
      [...args, "format", "--ignore-formatted", "-t", options.clusterId, "-c", node.properties],
      { env },
    );
    if (done.code !== 0) {
      throw new SetupError(
        `a Kafka node cannot be formatted in ${options.folder}: ${lastLine(done.stderr || done.stdout)}`,
      );
    }
    return node;
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  /** Resolves when the broker serves. @throws SetupError with the last line of its log */
  async start(): Promise<void> {
    if (this.child) return;
    const { setup, heap, folder, onProcess } = this.options;
    const args = [...JVM, `-Xmx${heap}m`, ...LOGGING, "-cp", setup.classpath, "kafka.Kafka", this.properties];
    const child = spawn(setup.java, args, { cwd: folder, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    if (child.pid !== undefined) onProcess(child.pid);
    const log = createWriteStream(path.join(folder, "server.log"), { flags: "a" });
    let tail = "";
    await new Promise<void>((resolve, reject) => {
      const failed = (why: string) =>
        reject(
          new SetupError(`the Kafka broker ${why}: ${lastLine(tail) || "it said nothing"} (its log: ${log.path})`),
        );
      const timer = setTimeout(() => {
        failed(`did not start within ${START_MILLISECONDS / 1000} s`);
        child.kill("SIGKILL");
      }, START_MILLISECONDS);
      const read = (chunk: Buffer) => {
        log.write(chunk);
        tail = (tail + chunk.toString("utf8")).slice(-4000);
        if (tail.includes(STARTED)) {
          clearTimeout(timer);
          resolve();
        }
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("error", (error) => failed(error.message));
      child.on("close", () => {
        clearTimeout(timer);
        log.end();
        if (this.child === child) this.child = undefined;
        failed("ended while it started");
      });
    });
  }

  /** Takes other settings from its next start on. */
  configure(properties: string): void {
    writeFileSync(this.properties, properties);
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Lets it hand over its partitions first; after 15 s it is killed. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  private async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.child;
    if (!child) return;
    const closed = once(child, "close");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MILLISECONDS);
    child.kill(signal);
    await closed;
    clearTimeout(timer);
    this.child = undefined;
  }

  private get properties(): string {
    return path.join(this.options.folder, "server.properties");
  }
}

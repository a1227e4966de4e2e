import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import path from "node:path";
import type { AwsResponse } from "../../gateway/types";
import type { Stage } from "./config";
import type { Facts } from "./template";

/**
 * The stage's access log, a line a request in the format the stage asks for, in one file a stage. (On AWS the lines go to a log group; in the emulator's
 * memory those of a million requests would be hundreds of megabytes.)
 */
export class AccessLog {
  private readonly files = new Map<string, WriteStream>();
  private failed: Error | undefined;

  constructor(private readonly folder: string) {}

  /** `error` is the type of the gateway response, where there was one. */
  write(stage: Stage, facts: Facts, { status, body }: AwsResponse, error: string | undefined): void {
    if (stage.accessLogFormat === undefined) return;
    const values: Facts = {
      ...facts,
      status,
      responseLength: Buffer.byteLength(body),
      responseLatency: Date.now() - Number(facts.requestTimeEpoch ?? Date.now()),
      ...(error === undefined ? {} : { "error.responseType": error }),
    };
    // What this request does not have is a hyphen, as on AWS.
    const line = stage.accessLogFormat.replace(/\$context\.([\w.]*\w)/g, (_, name: string) =>
      String(values[name] ?? "-"),
    );
    this.fileOf(stage).write(`${line}\n`);
  }

  /** Closes the files; throws when one could not be written. */
  async flush(): Promise<void> {
    await Promise.all([...this.files.values()].map((file) => new Promise<void>((done) => void file.end(() => done()))));
    this.files.clear();
    if (this.failed) throw this.failed;
  }

  private fileOf({ apiId, name }: Stage): WriteStream {
    const key = `access-${apiId}-${name}.log`;
    let file = this.files.get(key);
    if (!file) {
      mkdirSync(this.folder, { recursive: true });
      file = createWriteStream(path.join(this.folder, key), { flags: "a" });
      // A full disk must not stop the API; `flush` says it.
      file.on("error", (error) => {
        this.failed = error;
      });
      this.files.set(key, file);
    }
    return file;
  }
}

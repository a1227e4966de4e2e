import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock";
import type { SqlTarget } from "../../gateway/types";
import type { Meter } from "../../meter";
import type { ErrorLog } from "./error-log";
import { Lane } from "./lane";
import type { ObjectWriter, WrittenObject } from "./object-writer";
import { codeOf, messageOf, type Ports, type Secrets } from "./ports";
import { formatTime, objectName } from "./prefix";

/** https://docs.aws.amazon.com/firehose/latest/dev/retry.html: every 5 minutes, until the retry duration ends. */
const RETRY_EVERY_SECONDS = 300;
const SECRET_LIVES_SECONDS = 600;
/** Files of one COPY. What waits longer goes with the next. */
const FILES_A_COPY = 100;

export interface RedshiftConfig {
  readonly jdbcUrl: string;
  readonly roleArn: string;
  readonly table: string;
  readonly columns: string;
  readonly options: string;
  readonly retrySeconds: number;
  /** User and password of the configuration, or the secret that holds them. */
  readonly login: { readonly secretArn: string } | { readonly user: string; readonly password: string };
}

interface Load {
  readonly files: readonly WrittenObject[];
  readonly manifest: WrittenObject;
  readonly body: Buffer;
  readonly name: string;
}

/** The COPY that Firehose writes: https://docs.aws.amazon.com/firehose/latest/dev/create-destination.html (Amazon Redshift). */
export function copyCommand(config: RedshiftConfig, manifestUrl: string): string {
  const columns = config.columns === "" ? "" : ` (${config.columns})`;
  const options = config.options === "" ? "" : ` ${config.options}`;
  return `COPY ${config.table}${columns} FROM '${manifestUrl}' CREDENTIALS 'aws_iam_role=${config.roleArn}' MANIFEST${options};`;
}

/** `jdbc:redshift://HOST:PORT/DATABASE` taken apart; undefined when it is not one. */
export function parseJdbcUrl(url: string): Pick<SqlTarget, "host" | "port" | "database"> | undefined {
  const match = /^jdbc:(?:redshift|postgresql):\/\/([A-Za-z0-9.-]+):(\d{1,5})\/([A-Za-z0-9_$-]+)$/.exec(url);
  return match ? { host: match[1]!, port: Number(match[2]), database: match[3]! } : undefined;
}

/**
 * Loads the files of a delivery stream into its table, one COPY after the other. A COPY that fails is repeated on its own time, so that it
 * does not hold up the files behind it; when its time is over its manifest goes to `errors/manifests/` and the files stay.
 */
export class RedshiftLoader {
  private waiting: WrittenObject[] = [];
  private readonly copies = new Lane(1);
  private readonly retries = new Set<Promise<void>>();
  private cached: { readonly text: string; readonly until: number } | undefined;

  constructor(
    private readonly config: RedshiftConfig,
    private readonly stream: { readonly name: string; readonly version: number; readonly place: string },
    private readonly writer: ObjectWriter,
    private readonly secrets: Secrets,
    private readonly connect: Ports["connect"],
    private readonly clock: Clock,
    private readonly meter: Meter,
    private readonly log: ErrorLog,
    private readonly onRest: (records: number) => void,
    private readonly signal: AbortSignal,
  ) {}

  /** Takes a file over; `onRest` is told when its records are loaded or given up. */
  add(file: WrittenObject): void {
    this.waiting.push(file);
    this.copies.add(() => this.next());
  }

  /** Resolves when every file is loaded or given up. */
  async settled(): Promise<void> {
    await this.copies.settled();
    while (this.retries.size > 0) await Promise.all(this.retries);
  }

  /** Loads what waits in one COPY; the tasks of files that went along find nothing to do. */
  private async next(): Promise<void> {
    const files = this.waiting.splice(0, FILES_A_COPY);
    if (files.length === 0 || this.signal.aborted) return;
    try {
      const load = await this.writeManifest(files);
      const begun = performance.now();
      if (await this.attempt(load)) return;
      const retry = this.repeat(load, begun).finally(() => this.retries.delete(retry));
      this.retries.add(retry);
    } catch (error) {
      if (!this.signal.aborted) throw error;
    }
  }

  private async repeat(load: Load, begun: number): Promise<void> {
    try {
      for (;;) {
        // Less than a second is left when a timer fires early: the time is over.
        const left = this.config.retrySeconds - ((performance.now() - begun) / 1000) * this.clock.speed;
        if (left < 1) break;
        await this.clock.sleep(Math.min(RETRY_EVERY_SECONDS, left), this.signal);
        this.signal.throwIfAborted();
        this.meter.add(this.stream.place, "retried");
        if (await this.inTurn(() => this.attempt(load))) return;
      }
      await this.abandon(load);
    } catch (error) {
      if (!this.signal.aborted) throw error;
    }
  }

  /** One COPY at a time, repeated ones too. */
  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => this.copies.add(() => task().then(resolve, reject)));
  }

  /** Whether the COPY went through. */
  private async attempt({ manifest, files }: Load): Promise<boolean> {
    const url = `s3://${manifest.bucket}/${manifest.key}`;
    try {
      const session = await this.connect(await this.target());
      try {
        const { rowCount } = await session.run(copyCommand(this.config, url));
        this.meter.add(this.stream.place, "copies");
        this.meter.add(this.stream.place, "loaded", rowCount);
      } finally {
        // A COPY that went through must not be repeated because its session did not close well.
        await session.close().catch(() => undefined);
      }
    } catch (error) {
      const code = codeOf(error);
      // The secret may have been rotated since it was read.
      if (code === "AuthenticationError") this.cached = undefined;
      this.meter.add(this.stream.place, "copy_failures");
      await this.log.write({
        errorCode: CODES[code] ?? "Redshift.CopyFailed",
        message: `COPY of ${url} failed: ${messageOf(error)}`,
        destination: this.config.jdbcUrl,
      });
      return false;
    }
    this.onRest(recordsOf(files));
    return true;
  }

  private async abandon({ files, manifest, body, name }: Load): Promise<void> {
    const key = `errors/manifests/${formatTime("yyyy/MM/dd/HH/", manifest.at)}${name}`;
    await this.writer.write(key, body, manifest.records, manifest.at, this.signal);
    this.meter.add(this.stream.place, "abandoned", recordsOf(files));
    await this.log.write({
      errorCode: "Redshift.RetryDurationExceeded",
      message: `COPY was given up after ${this.config.retrySeconds} s; its manifest is s3://${manifest.bucket}/${key}`,
      destination: this.config.jdbcUrl,
    });
    this.onRest(recordsOf(files));
  }

  private async writeManifest(files: readonly WrittenObject[]): Promise<Load> {
    const at = new Date(Math.min(...files.map((file) => file.at.getTime())));
    const name = objectName(this.stream.name, this.stream.version, at, randomUUID(), "");
    const entries = files.map(({ bucket, key, bytes }) => ({
      url: `s3://${bucket}/${key}`,
      mandatory: true,
      meta: { content_length: bytes },
    }));
    const body = Buffer.from(JSON.stringify({ entries }));
    const key = `manifests/${formatTime("yyyy/MM/dd/HH/", at)}${name}`;
    const manifest = await this.writer.write(key, body, recordsOf(files), at, this.signal);
    return { files, manifest, body, name };
  }

  private async target(): Promise<SqlTarget> {
    const { login, jdbcUrl } = this.config;
    const at = parseJdbcUrl(jdbcUrl);
    if (!at) throw new Error(`${jdbcUrl} is not jdbc:redshift://HOST:PORT/DATABASE`);
    if ("user" in login) return { ...at, user: login.user, password: login.password };
    return { ...at, ...readLogin(await this.secret(login.secretArn), login.secretArn) };
  }

  /** AWS keeps a secret about ten minutes: https://docs.aws.amazon.com/firehose/latest/dev/secrets-manager-whats-secret.html */
  private async secret(arn: string): Promise<string> {
    if (!this.cached || performance.now() >= this.cached.until) {
      const text = await this.secrets.read(arn);
      this.cached = { text, until: performance.now() + this.clock.milliseconds(SECRET_LIVES_SECONDS) };
    }
    return this.cached.text;
  }
}

/** The secret's two fields. What it holds is never part of the error. */
function readLogin(text: string, arn: string): { user: string; password: string } {
  let value: { username?: unknown; password?: unknown } | null = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  const { username, password } = value ?? {};
  if (typeof username !== "string" || typeof password !== "string") {
    throw new Error(`The secret ${arn} must be {"username": "...", "password": "..."}`);
  }
  return { user: username, password };
}

/**
 * What AWS's log calls the failure: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html. Only connecting
 * tells a wrong user or password; a COPY that may not read the bucket says "access denied" too, and the secret is right.
 */
const CODES: Readonly<Record<string, string>> = {
  AuthenticationError: "Redshift.AuthenticationFailed",
  ConnectionError: "Redshift.ConnectionFailed",
};

const recordsOf = (files: readonly WrittenObject[]) => files.reduce((sum, file) => sum + file.records, 0);

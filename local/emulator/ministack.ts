import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { Channel } from "./channel";
import { emulatorEnvironment } from "./environment";
import type { Decision, Emulator, ResolvedKey, RoleSession } from "./types";

/** Signing names of what ministack does well enough for us (docs/local-aws and this folder's README); others never reach it. */
const SERVICES: ReadonlySet<string> = new Set([
  "apigateway",
  "autoscaling",
  "cognito-idp",
  "dynamodb",
  "ec2",
  "events",
  "glue",
  "iam",
  "kinesis",
  "kms",
  "lambda",
  "logs",
  "monitoring",
  "s3",
  "scheduler",
  "secretsmanager",
  "sns",
  "sqs",
  "ssm",
  "states",
  "sts",
  "tagging",
]);

const SYSTEM_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];
const START_SECONDS = 60;
const STOP_SECONDS = 5;

export interface MinistackOptions {
  /** Python of the environment that holds requirements.txt. */
  readonly python: string;
  /** Its files and log go to `FOLDER/emulator`. */
  readonly folder: string;
  readonly accountId: string;
  readonly region: string;
  /** The gateway's endpoint, which the Lambda handlers it runs call. */
  readonly callBack: string;
  /** @default a free one */
  readonly port?: number;
  /** How much waiting is shortened, 1 to 1000. @default 1 */
  readonly speed?: number;
  /** What the Lambda handlers it runs are told besides. @default nothing */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts ministack on 127.0.0.1 with signatures and policies checked. A failure is one clear error with the log's last lines. */
export async function startMinistack(options: MinistackOptions): Promise<Emulator> {
  const folder = join(options.folder, "emulator");
  for (const name of ["home", "tmp", "state"]) mkdirSync(join(folder, name), { recursive: true });
  const log = join(folder, "emulator.log");
  const child = start(options, folder, log);
  const channel = new Channel(child.stdin!, child.stdout!);
  const ended = new Promise<Error>((resolve) => {
    const over = (what: string) => {
      killGroup(child);
      const reason = new Error(explain(what, options, log));
      channel.close(reason);
      resolve(reason);
    };
    child.once("error", (problem) => over(`could not be started with ${options.python}: ${problem.message}`));
    child.once("exit", (code, signal) => over(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const timer = setTimeout(() => {
    channel.close(new Error(explain(`did not answer within ${START_SECONDS} s`, options, log)));
  }, START_SECONDS * 1000);
  try {
    const { port } = await channel.ready();
    return new Ministack(`http://127.0.0.1:${port}`, channel, child, ended);
  } catch (problem) {
    killGroup(child);
    throw problem;
  } finally {
    clearTimeout(timer);
  }
}

function start(options: MinistackOptions, folder: string, log: string): ChildProcess {
  const logFile = openSync(log, "a", 0o600);
  try {
    return spawn(options.python, [wrapper()], {
      cwd: folder,
      // Handlers run on the Node.js that runs this, whatever else the person's path holds.
      env: emulatorEnvironment({
        ...options,
        folder,
        path: [dirname(process.execPath), ...SYSTEM_PATH].join(delimiter),
        port: options.port ?? 0,
        speed: options.speed ?? 1,
      }),
      stdio: ["pipe", "pipe", logFile],
      // A process group of its own, so that its Lambda workers can be ended with it; Ctrl-C reaches us and we end it.
      detached: true,
    });
  } finally {
    closeSync(logFile);
  }
}

/** serve.py of this folder, also when this code runs from a bundle elsewhere in the project. */
function wrapper(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, "local", "emulator", "serve.py");
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) throw new Error(`local/emulator/serve.py is in no folder above ${__dirname}`);
  }
}

/** The group outlives its leader: workers of an emulator that crashed are ended too. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

function explain(reason: string, options: MinistackOptions, log: string): string {
  const last = readFileSync(log, "utf8").trimEnd().split("\n").slice(-8);
  const missing = /ModuleNotFoundError: No module named '([^']+)'/.exec(last.join("\n"));
  if (missing) {
    return `The emulator's Python module ${missing[1]} is missing in ${options.python}: install local/emulator/requirements.txt there`;
  }
  if (/Address already in use/.test(last.join("\n"))) {
    return `Port ${options.port} is taken: choose another for the emulator, or none for a free one`;
  }
  return [`The emulator (ministack) ${reason}. Its log, ${log}, ends with:`, ...last].join("\n  ");
}

class Ministack implements Emulator {
  readonly services = SERVICES;
  readonly failure: Promise<Error>;
  private stopping: Promise<void> | undefined;

  constructor(
    readonly endpoint: string,
    private readonly channel: Channel,
    private readonly child: ChildProcess,
    private readonly ended: Promise<Error>,
  ) {
    this.failure = new Promise((resolve) => {
      ended.then((reason) => this.stopping ?? resolve(reason));
    });
  }

  async resolve(accessKeyId: string, sessionToken: string | undefined): Promise<ResolvedKey> {
    const found = (await this.channel.ask("resolve", { accessKeyId, sessionToken: sessionToken ?? "" })) as {
      arn: string;
      accountId: string;
      secretAccessKey: string;
      expiration: number | null;
    };
    return { ...found, expiration: found.expiration === null ? undefined : new Date(found.expiration * 1000) };
  }

  async decide(accessKeyId: string, action: string, resource: string, sourceIp: string): Promise<Decision> {
    const answer = (await this.channel.ask("decide", { accessKeyId, action, resource, sourceIp })) as {
      decision: Decision;
    };
    return answer.decision;
  }

  async openSession(roleArn: string, sessionName: string, seconds: number): Promise<RoleSession> {
    const opened = (await this.channel.ask("session", { roleArn, sessionName, seconds })) as {
      accessKeyId: string;
      secretAccessKey: string;
      sessionToken: string;
      expiration: number;
      arn: string;
    };
    return { ...opened, expiration: new Date(opened.expiration * 1000) };
  }

  get pid(): number {
    return this.child.pid!;
  }

  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  /** The end of its stdin is its word to stop, whoever closes it; killing is for one that hangs. */
  private async end(): Promise<void> {
    this.child.stdin?.end();
    const timer = setTimeout(() => killGroup(this.child), STOP_SECONDS * 1000);
    await this.ended;
    clearTimeout(timer);
  }
}

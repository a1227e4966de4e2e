import { join } from "node:path";

/**
 * The whole environment of the emulator and of the Lambda handlers it runs: nothing is inherited, so that no variable,
 * profile or credentials file of the person reaches either.
 */
export function emulatorEnvironment(options: {
  readonly folder: string;
  readonly path: string;
  readonly accountId: string;
  readonly region: string;
  /** The gateway's endpoint, which handlers call. */
  readonly callBack: string;
  /** 0 for a free one. */
  readonly port: number;
  /** How much waiting is shortened, as the run's clock shortens it. */
  readonly speed: number;
  /** What handlers are told besides. @default nothing */
  readonly environment?: Readonly<Record<string, string>>;
}): Record<string, string> {
  return {
    PATH: options.path,
    HOME: join(options.folder, "home"),
    TMPDIR: join(options.folder, "tmp"),
    STATE_DIR: join(options.folder, "state"),
    S3_DATA_DIR: join(options.folder, "s3"),
    PERSIST_STATE: "0",
    LANG: "C.UTF-8",
    PYTHONUNBUFFERED: "1",
    // Nothing is written beside serve.py in the working tree.
    PYTHONDONTWRITEBYTECODE: "1",
    // Modules of the person's own Python must not shadow the pinned ones.
    PYTHONNOUSERSITE: "1",
    AUTH: "true",
    BIND_HOST: "127.0.0.1",
    GATEWAY_PORT: String(options.port),
    MINISTACK_ACCOUNT_ID: options.accountId,
    MINISTACK_REGION: options.region,
    // The virtual host suffix under which it reads BUCKET.localhost.
    MINISTACK_HOST: "localhost",
    AWS_ENDPOINT_URL: options.callBack,
    // An SDK that finds no credentials must not look for a cloud host's.
    AWS_EC2_METADATA_DISABLED: "true",
    LAMBDA_EXECUTOR: "local",
    // What waits there waits as short as everything else: by corrections.py, and in Step Functions by its own setting.
    REDSTREAM_SPEED: String(options.speed),
    SFN_WAIT_SCALE: String(1 / options.speed),
    // Listeners that we have no use for; the first would bind every interface.
    IOT_MTLS_ENABLED: "0",
    SFTP_ENABLED: "0",
    // Python threads for Lambda invocations; each Lambda is a process of its own, and 64 are for a server.
    MINISTACK_WORKER_THREADS: "32",
    LOG_LEVEL: "INFO",
    ...options.environment,
  };
}

import { closeSync, mkdirSync, openSync } from "node:fs";
import * as path from "node:path";
import { SetupError } from "./problem";

/**
 * What children are given. An allow-list: whatever else the parent holds (AWS_*, TF_VAR_*, TF_TOKEN_*, TF_CLI_ARGS*, TF_WORKSPACE, NODE_OPTIONS,
 * tokens of other tools) reaches no child, known to us or not.
 */
const ALWAYS = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "JAVA_HOME"] as const;

/** What a child that fetches packages needs besides: the way out, whom to trust, and the settings of the package client. */
const NETWORK =
  /^(HTTPS?_PROXY|ALL_PROXY|https?_proxy|all_proxy|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_[A-Z_]+|PYENV_ROOT|XDG_CONFIG_HOME|XDG_CACHE_HOME|MAVEN_ARGS|MAVEN_OPTS)$/;

/** Loopback is never asked for through a proxy. */
const NO_PROXY = "127.0.0.1,localhost,::1";

/** The keys that the emulator takes for the root of account 000000000000. They open nothing anywhere else. */
export const TEST_KEYS = { accessKeyId: "test", secretAccessKey: "test" } as const;

/** Names the run a process belongs to; `local/runs` ends leftovers by it, and by nothing else. */
export const RUN_VARIABLE = "REDSTREAM_RUN";

export type Environment = Record<string, string>;

/**
 * The environment of every child of a run: the allow-list, `extra`, and what keeps a child away from a real account: a HOME of the run's own
 * and AWS files that are empty. `folder` is the run's folder (the files are made there); what is set here wins over `extra`.
 */
export function childEnvironment(
  folder: string,
  extra: Readonly<Environment> = {},
  parent: Readonly<NodeJS.ProcessEnv> = process.env,
): Environment {
  const home = path.join(folder, "home");
  const aws = path.join(home, ".aws");
  mkdirSync(aws, { recursive: true });
  const empty = (name: string) => {
    const file = path.join(aws, name);
    closeSync(openSync(file, "w", 0o600));
    return file;
  };
  return {
    ...allowed(parent),
    ...extra,
    HOME: home,
    AWS_CONFIG_FILE: empty("config"),
    AWS_SHARED_CREDENTIALS_FILE: empty("credentials"),
    AWS_EC2_METADATA_DISABLED: "true",
    NO_PROXY,
    no_proxy: NO_PROXY,
    CHECKPOINT_DISABLE: "1",
    [RUN_VARIABLE]: folder,
  };
}

/**
 * The environment of Terraform in a run: as `childEnvironment`, with the endpoint, the test keys and the region. Throws SetupError unless
 * `endpoint` is on 127.0.0.1: this is the one place between an apply and a real account.
 */
export function terraformEnvironment(options: {
  readonly folder: string;
  readonly endpoint: string;
  readonly region: string;
  /** From `ensureTerraform`: where plugins come from. */
  readonly setup: Readonly<Environment>;
  /** Account to apply to, 12 digits: its number is its root's access key here. @default the run's own */
  readonly account?: string;
  /** Values of the stack's Terraform variables. @default none */
  readonly variables?: Readonly<Record<string, string>>;
  readonly parent?: Readonly<NodeJS.ProcessEnv>;
}): Environment {
  return {
    ...childEnvironment(options.folder, options.setup, options.parent),
    ...Object.fromEntries(Object.entries(options.variables ?? {}).map(([name, value]) => [`TF_VAR_${name}`, value])),
    AWS_ENDPOINT_URL: assertLoopback(options.endpoint),
    AWS_ACCESS_KEY_ID: options.account ?? TEST_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
    AWS_REGION: options.region,
    TF_IN_AUTOMATION: "1",
  };
}

/**
 * The environment of a child that fetches packages (pip, Maven, `terraform init` with the registry): the allow-list, the user's HOME (the
 * clients keep their settings and caches there), proxies and certificates. No AWS variable and no token.
 */
export function networkEnvironment(
  extra: Readonly<Environment> = {},
  parent: Readonly<NodeJS.ProcessEnv> = process.env,
): Environment {
  const environment: Environment = { ...allowed(parent), CHECKPOINT_DISABLE: "1" };
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && (name === "HOME" || NETWORK.test(name))) environment[name] = value;
  }
  const bypass = [parent.NO_PROXY ?? parent.no_proxy, NO_PROXY].filter(Boolean).join(",");
  return { ...environment, NO_PROXY: bypass, no_proxy: bypass, ...extra };
}

/** The part of `networkEnvironment` that says how to get out, to be added to a run's own environment. */
export function wayOut(parent: Readonly<NodeJS.ProcessEnv> = process.env): Environment {
  return Object.fromEntries(
    Object.entries(parent).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && /PROXY|SSL_CERT/i.test(entry[0]) && NETWORK.test(entry[0]),
    ),
  );
}

/** Answers `endpoint` if it is plain `http://127.0.0.1:PORT`; throws SetupError otherwise. */
export function assertLoopback(endpoint: string): string {
  if (!/^http:\/\/127\.0\.0\.1:[1-9]\d{0,4}$/.test(endpoint)) {
    throw new SetupError(`the endpoint of a local run must be http://127.0.0.1:PORT, got ${JSON.stringify(endpoint)}`);
  }
  return endpoint;
}

function allowed(parent: Readonly<NodeJS.ProcessEnv>): Environment {
  const environment: Environment = {};
  for (const name of ALWAYS) {
    const value = parent[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

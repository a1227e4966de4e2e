import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { runCommand } from "./command";
import { type Environment, networkEnvironment, wayOut } from "./environment";
import { describeSource, type PluginSource, readMirror, usualMirrors } from "./plugins";
import { SetupError } from "./problem";

/** Oldest Terraform that can apply our stacks: `terraform_data` is of 1.4, `plantimestamp` and the JSON we read of 1.5. */
const OLDEST = [1, 5] as const;

/** Milliseconds the registry is given to answer. */
const REGISTRY_TIMEOUT_MS = 12_000;

export interface TerraformSetup {
  readonly executable: string;
  readonly version: string;
  /** Terraform's name of this platform: `linux_amd64`. */
  readonly platform: string;
  readonly plugins: PluginSource;
  /** What a Terraform child needs to find its plugins; for `terraformEnvironment({ setup })`. */
  readonly environment: Environment;
}

export interface TerraformOptions {
  /** The project's folder; files of ours go under its `.redstream`. @default the working folder */
  readonly root?: string;
  /** @default the environment of this process */
  readonly parent?: Readonly<NodeJS.ProcessEnv>;
  /** Folder whose subfolders may be mirrors. @default /opt */
  readonly opt?: string;
}

/**
 * Finds Terraform and decides where its plugins come from: the folder in REDSTREAM_PLUGIN_MIRROR if that is set, else the registry if it answers
 * (or whatever the user's own Terraform configuration puts in its place), else a mirror on this machine. Throws SetupError with one line.
 */
export async function ensureTerraform(
  progress: (line: string) => void,
  options: TerraformOptions = {},
): Promise<TerraformSetup> {
  const root = path.resolve(options.root ?? ".");
  const parent = options.parent ?? process.env;
  const { version, platform } = await findTerraform(parent);
  const base = { executable: "terraform", version, platform };
  const done = (setup: TerraformSetup) => {
    progress(`Terraform ${version}; ${describeSource(setup.plugins)}`);
    return setup;
  };

  const named = parent.REDSTREAM_PLUGIN_MIRROR;
  if (named) {
    const folder = path.resolve(root, named);
    const mirror = mirrorAt(folder, platform);
    if (!mirror) {
      throw new SetupError(
        `REDSTREAM_PLUGIN_MIRROR names ${folder}, which holds no hashicorp/aws for ${platform}: fill it with "terraform providers mirror ${folder}", or unset the variable`,
      );
    }
    return done({ ...base, plugins: mirror, environment: mirrorEnvironment(root, folder) });
  }

  const fromRegistry = registryEnvironment(root, parent);
  const refusal = await askRegistry({ ...networkEnvironment({}, parent), ...fromRegistry });
  if (refusal === undefined) return done({ ...base, plugins: { kind: "registry" }, environment: fromRegistry });

  const usual = usualMirrors(root, parent, process.platform, options.opt);
  for (const folder of [...usual.implied, ...usual.opt]) {
    const mirror = mirrorAt(folder, platform);
    if (mirror) return done({ ...base, plugins: mirror, environment: mirrorEnvironment(root, folder) });
  }
  throw new SetupError(
    `Terraform's plugin registry does not answer (${refusal}) and no mirror with hashicorp/aws for ${platform} was found: not in REDSTREAM_PLUGIN_MIRROR (not set), ` +
      `not in Terraform's own plugin folders (${usual.implied.join(", ")}), not in ${path.join(options.opt ?? "/opt", "*")}. ` +
      `Connect to the network, or set REDSTREAM_PLUGIN_MIRROR to a folder filled with "terraform providers mirror FOLDER"`,
  );
}

/** Terraform on the PATH, if it is new enough; asks for no plugin. Throws SetupError with one line. */
export async function findTerraform(
  parent: Readonly<NodeJS.ProcessEnv> = process.env,
): Promise<{ version: string; platform: string }> {
  const needed = OLDEST.join(".");
  const env = { ...networkEnvironment({}, parent), ...withoutUserConfig() };
  const answer = await runCommand("terraform", ["version", "-json"], { env, timeoutMs: 30_000 });
  if (answer.missing) {
    throw new SetupError(
      `terraform is not on the PATH: install Terraform ${needed} or later (developer.hashicorp.com/terraform/install) and start again`,
    );
  }
  let said: { terraform_version?: unknown; platform?: unknown } = {};
  try {
    said = JSON.parse(answer.stdout);
  } catch {
    // Said below, with what it printed.
  }
  const { terraform_version: version, platform } = said;
  if (typeof version !== "string" || typeof platform !== "string") {
    throw new SetupError(
      `"terraform version -json" gave no version (exit code ${answer.code ?? "none"}: ${(answer.stderr || answer.stdout).trim().split("\n")[0]}): install Terraform ${needed} or later`,
    );
  }
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new SetupError(
      `Terraform ${needed} or later is needed, this is ${version}: install a newer one and start again`,
    );
  }
  return { version, platform };
}

/** An empty file of ours in place of a user's configuration that may be missing or wrong; of no concern to `version`. */
function withoutUserConfig(): Environment {
  return { TF_CLI_CONFIG_FILE: process.platform === "win32" ? "NUL" : "/dev/null" };
}

/**
 * Asks for a version that no provider has: Terraform fetches the list of versions and nothing else, and then says that none matches. Terraform
 * is the judge, because a user's configuration may put a network mirror in the registry's place. Answers undefined if it answered, else why not.
 */
async function askRegistry(env: Environment): Promise<string | undefined> {
  const folder = mkdtempSync(path.join(tmpdir(), "redstream-registry-"));
  try {
    const providers = ["aws", "random", "archive"].map((name) => [
      name,
      { source: `hashicorp/${name}`, version: "0.0.0" },
    ]);
    const configuration = { terraform: { required_providers: Object.fromEntries(providers) } };
    writeFileSync(path.join(folder, "main.tf.json"), JSON.stringify(configuration));
    const answer = await runCommand("terraform", ["init", "-no-color", "-input=false", "-backend=false"], {
      env: { ...env, TF_REGISTRY_CLIENT_TIMEOUT: "5", TF_REGISTRY_DISCOVERY_RETRY: "0" },
      cwd: folder,
      timeoutMs: REGISTRY_TIMEOUT_MS,
    });
    if (answer.timedOut) return `no answer in ${REGISTRY_TIMEOUT_MS / 1000} s`;
    const said = answer.stderr.replace(/\s+/g, " ");
    if (said.split("no available releases match").length - 1 === providers.length) return undefined;
    return (
      /(could not connect to [\w.-]+|was not found in any of the search locations)/.exec(said)?.[1] ??
      said.trim().slice(0, 160)
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mirrorAt(folder: string, platform: string): PluginSource | undefined {
  const versions = readMirror(folder, platform);
  return versions.aws ? { kind: "mirror", folder, versions } : undefined;
}

/** With the registry: no configuration of ours, the user's if there is one, and a cache so that each plugin is fetched once. */
function registryEnvironment(root: string, parent: Readonly<NodeJS.ProcessEnv>): Environment {
  const cache = path.join(root, ".redstream", "plugin-cache");
  mkdirSync(cache, { recursive: true });
  const users = [parent.TF_CLI_CONFIG_FILE, path.join(parent.HOME ?? "", ".terraformrc")].find(
    (file) => file !== undefined && existsSync(file),
  );
  return {
    ...wayOut(parent),
    TF_CLI_CONFIG_FILE: users ?? writeConfig(root, "registry", ""),
    TF_PLUGIN_CACHE_DIR: cache,
    // A prepared copy has no lock file yet; without this Terraform would pass over the cache.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "1",
  };
}

/** With a mirror: a configuration of our own. */
function mirrorEnvironment(root: string, folder: string): Environment {
  const everything = '"registry.terraform.io/*/*"';
  const text = `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(folder)}
    include = [${everything}]
  }
  direct {
    exclude = [${everything}]
  }
}
`;
  return { TF_CLI_CONFIG_FILE: writeConfig(root, "mirror", text) };
}

/** Named by its content and renamed into place, because another run may be reading it, or have another mirror. */
function writeConfig(root: string, name: string, text: string): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const file = path.join(root, ".redstream", "terraform", `${name}-${hash}.tfrc`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

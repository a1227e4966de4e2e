import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { hasProvider, type PluginSource } from "../setup/plugins";
import { SetupError } from "../setup/problem";
import { archiveFile, localPath } from "./archive";
import { fitTopics } from "./few-brokers";
import { RANDOM } from "./random";
import { type Json, type JsonObject, objectOf, standIn } from "./stand-ins";
import { zipOf } from "./zip";

export interface PrepareOptions {
  /** Name of the stack, a folder of `from/stacks`. */
  readonly stack: string;
  /** The synthesized folder (`cdktf.out`); only read. */
  readonly from: string;
  /** Where the copy goes: `RUN/cdktf.out`. The relative path of its local backend then puts the state in `RUN/.terraform-state/STACK`. */
  readonly to: string;
  /** From `ensureTerraform`. */
  readonly plugins: PluginSource;
  /** The SQL runner's JAR, where the stack's folder has none. @default a placeholder that runs nothing */
  readonly jar?: string;
  /** Brokers of a local Kafka cluster, whatever was applied. @default as many as applied */
  readonly brokers?: number;
}

export interface PreparedStack {
  readonly stack: string;
  /** Folder of the copy where Terraform runs. */
  readonly folder: string;
  /** The state file, made by the apply. */
  readonly state: string;
  /** The configuration that is applied, for those who ask it (`checkTypes`). */
  readonly configuration: JsonObject;
  /** What stands in for something else in this copy, a sentence each; empty when the stack is applied as it was synthesized. */
  readonly standIns: readonly string[];
}

/** Left in a stack's folder by Terraform, not by synth. Neither copied nor taken from a copy that is prepared again. */
const OF_TERRAFORM = /^(\.terraform|\.terraform\.lock\.hcl|\.terraform\.tfstate\.lock\.info|.*\.tfstate(\..*)?)$/;

/**
 * Throws SetupError for a copy beside the synthesized folder: the two would share `.terraform-state`, and what is deployed from the synthesized
 * folder, perhaps to an account, would lose its state to a local try.
 */
export function checkOwnState(options: Pick<PrepareOptions, "from" | "to">): void {
  const from = path.resolve(options.from);
  const to = path.resolve(options.to);
  if (path.dirname(to) !== path.dirname(from)) return;
  throw new SetupError(
    `a copy in ${to} would keep its state in ${path.join(to, "..", ".terraform-state")}, where the stack in ${from} keeps its own: give it a folder of its own, such as .redstream/copy/cdktf.out`,
  );
}

/**
 * Copies one synthesized stack to where a run applies it. The configuration stays as it is, with five exceptions, each told in `standIns`: the `random` and
 * the `archive` provider where the plugin source lacks them, a JAR that is not there, a state that is kept elsewhere, and fewer brokers where they are asked for. Prepared again over the same state it gives the
 * same values. Throws SetupError with one line.
 */
export function prepareCopy(options: PrepareOptions): PreparedStack {
  const { stack, plugins } = options;
  const from = path.resolve(options.from);
  const to = path.resolve(options.to);
  const manifest = readManifest(from, stack);
  const working = path.join("stacks", stack);
  const folder = path.join(to, working);
  const source = path.join(from, working, "cdk.tf.json");
  const text = readText(source, `the stack ${stack} is not whole: synthesize it again`);
  const original = JSON.parse(text) as JsonObject;
  checkProviders(original, stack, plugins);

  copyFolder(path.join(from, working), folder);
  writeManifest(to, stack, manifest);
  const stateFolder = path.join(to, "..", ".terraform-state", stack);
  const standIns: string[] = keepStateHere(original, stack, folder);
  let configuration = original;
  if (requires(original, "random") && !hasProvider(plugins, "random")) {
    const remembered = new Remembered(path.join(stateFolder, "stand-ins.json"));
    const done = standIn(configuration, { provider: "random", mode: "resource", values: remembered.values });
    remembered.save();
    configuration = done.stack;
    standIns.push(
      ...done.replaced.map(
        (address) => `${address} is a terraform_data with a value made here: the plugin mirror has no hashicorp/random`,
      ),
    );
  }
  if (requires(original, "archive") && !hasProvider(plugins, "archive")) {
    const values = (block: JsonObject, type: string, name: string) => {
      const address = `data.${type}.${name}`;
      if (type !== "archive_file")
        throw new SetupError(`${address}: not known to the local run without the archive provider`);
      return { ...archiveFile(block, address, folder) };
    };
    const done = standIn(configuration, { provider: "archive", mode: "data", values });
    configuration = done.stack;
    standIns.push(
      ...done.replaced.map(
        (address) => `${address} is a zip made here and a terraform_data: the plugin mirror has no hashicorp/archive`,
      ),
    );
  }
  if (options.brokers !== undefined) {
    const fitted = fitTopics(configuration, options.brokers);
    configuration = fitted.configuration;
    standIns.push(...fitted.changes);
  }
  if (configuration !== original)
    writeFileSync(path.join(folder, "cdk.tf.json"), `${JSON.stringify(configuration, null, 2)}\n`);
  standIns.push(...fillInJars(configuration, folder, options.jar));
  return { stack, folder, state: path.join(stateFolder, "terraform.tfstate"), configuration, standIns };
}

interface Manifest {
  readonly stacks: Readonly<Record<string, Json>>;
  readonly [key: string]: unknown;
}

/** Throws SetupError where `from` holds no such stack. Looks and copies nothing, so that a wrong folder is said before anything is set up. */
export function checkSynthesized(from: string, stack: string): void {
  readManifest(path.resolve(from), stack);
}

function readManifest(from: string, stack: string): Manifest {
  const text = readText(path.join(from, "manifest.json"), `nothing is synthesized in ${from}: synthesize first`);
  const manifest = JSON.parse(text) as Manifest;
  if (!(stack in manifest.stacks)) {
    throw new SetupError(
      `there is no stack ${JSON.stringify(stack)} in ${from}; there are ${Object.keys(manifest.stacks).join(", ")}`,
    );
  }
  return manifest;
}

/** The copy's manifest names the stacks that were copied, so that `cdktf deploy --skip-synth` reads no other. */
function writeManifest(to: string, stack: string, manifest: Manifest): void {
  const file = path.join(to, "manifest.json");
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest).stacks : {};
  const stacks = { ...before, [stack]: manifest.stacks[stack] };
  writeFileSync(file, JSON.stringify({ ...manifest, stacks }, null, 2));
}

function readText(file: string, problem: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new SetupError(`${file} cannot be read; ${problem}`);
  }
}

/** What Terraform left in the copy stays (its plugins need not be linked anew); everything else is made anew. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(to)) {
    if (!OF_TERRAFORM.test(name)) rmSync(path.join(to, name), { recursive: true });
  }
  cpSync(from, to, { recursive: true, filter: (file) => file === from || !OF_TERRAFORM.test(path.basename(file)) });
}

/** Terraform's own way to change a block without editing the file it stands in ("Override Files" in its documentation). */
const OVERRIDE = "redstream_override.tf.json";

/**
 * A state of the account must be neither read nor written by a local run. A `backend` block in an override file takes the place of the stack's own, be it
 * a `backend` or a `cloud` block.
 */
function keepStateHere(configuration: JsonObject, stack: string, folder: string): string[] {
  const terraform = objectOf(configuration.terraform);
  const backend = objectOf(terraform.backend);
  const here = `../../../.terraform-state/${stack}/terraform.tfstate`;
  const kind = "cloud" in terraform ? "cloud" : (Object.keys(backend)[0] ?? "none");
  const given = objectOf(backend.local).path;
  if (kind === "local" && given === here) return [];
  const states = statesOf(configuration);
  const override = {
    terraform: { backend: { local: { path: here } } },
    ...(Object.keys(states).length === 0 ? {} : { data: { terraform_remote_state: states } }),
  };
  writeFileSync(path.join(folder, OVERRIDE), `${JSON.stringify(override, null, 2)}\n`);
  const what =
    kind === "cloud"
      ? "the workspace of the stack's cloud block"
      : kind === "local"
        ? `the state at ${JSON.stringify(given)}`
        : kind === "none"
          ? "the state in the stack's folder"
          : `backend ${kind}`;
  return [`a state of this copy's own stands in for ${what}, which is neither read nor written (${OVERRIDE})`];
}

/** What CDKTF puts before the name of the stack whose state another one reads. */
const OF_STACK = "cross-stack-reference-input-";

/** The states of other stacks that this one reads: of the same copies, wherever the account keeps theirs. */
function statesOf(configuration: JsonObject): JsonObject {
  const names = Object.keys(objectOf(objectOf(configuration.data).terraform_remote_state));
  const here = (name: string) => ({
    backend: "local",
    config: { path: `../../../.terraform-state/${name.replace(OF_STACK, "")}/terraform.tfstate` },
  });
  return Object.fromEntries(names.map((name) => [name, here(name)]));
}

function requires(configuration: JsonObject, provider: string): boolean {
  return provider in objectOf(objectOf(configuration.terraform).required_providers);
}

/** Providers that can stand aside: `prepareCopy` replaces what they do. */
const REPLACEABLE = ["random", "archive"];

function checkProviders(configuration: JsonObject, stack: string, plugins: PluginSource): void {
  if (plugins.kind === "registry") return;
  const required = objectOf(objectOf(configuration.terraform).required_providers);
  for (const [name, requirement] of Object.entries(required)) {
    const version = objectOf(requirement).version;
    const exact = typeof version === "string" && /^[\d.]+$/.test(version) ? version : undefined;
    if (REPLACEABLE.includes(name) || hasProvider(plugins, name, exact)) continue;
    const held = plugins.versions[name]?.join(", ") ?? "none";
    throw new SetupError(
      `${stack} needs the provider ${name} ${exact ?? ""}`.trimEnd() +
        `; the plugin mirror ${plugins.folder} holds ${held} of it`,
    );
  }
}

/** Random values live beside the state they belong to: made once, kept while the resource stays as it is, made anew when it changes. */
class Remembered {
  private readonly before: JsonObject;
  private readonly now: JsonObject = {};

  constructor(private readonly file: string) {
    this.before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as JsonObject) : {};
  }

  readonly values = (block: JsonObject, type: string, name: string): JsonObject => {
    const address = `${type}.${name}`;
    const generate = RANDOM[type];
    if (!generate) {
      throw new SetupError(
        `${address}: the local run without the random provider knows only ${Object.keys(RANDOM).join(", ")}; use a plugin mirror that holds hashicorp/random`,
      );
    }
    const { "//": _, depends_on: __, lifecycle: ___, provider: ____, ...made } = block;
    const before = objectOf(this.before[address]);
    const same = JSON.stringify(before.from) === JSON.stringify(made);
    const values = same ? objectOf(before.values) : { ...generate(made, address) };
    this.now[address] = { from: made, values };
    return values;
  };

  save(): void {
    mkdirSync(path.dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.next`, JSON.stringify(this.now, null, 2), { mode: 0o600 });
    renameSync(`${this.file}.next`, this.file);
  }
}

/** Puts the JAR, or a placeholder, where an S3 object of the stack expects a JAR that synth did not find. */
function fillInJars(configuration: JsonObject, folder: string, jar: string | undefined): string[] {
  const sentences: string[] = [];
  for (const [name, block] of Object.entries(objectOf(objectOf(configuration.resource).aws_s3_object))) {
    const { source } = objectOf(block);
    if (typeof source !== "string" || !source.endsWith(".jar")) continue;
    const file = localPath(objectOf(block), "source", `aws_s3_object.${name}`, folder);
    if (existsSync(file)) continue;
    mkdirSync(path.dirname(file), { recursive: true });
    if (jar !== undefined) {
      cpSync(jar, file);
      continue;
    }
    const says = `A placeholder for ${path.basename(file)}, put here by a local run because the JAR is not built. It runs nothing.\n`;
    writeFileSync(file, zipOf("PLACEHOLDER.txt", Buffer.from(says), 0o644));
    sentences.push(
      `${path.basename(file)} is a placeholder, because it is not built; the analytics SELECT is evaluated by the embedded engine`,
    );
  }
  return sentences;
}

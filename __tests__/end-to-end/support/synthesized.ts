import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { synthesize } from "../../../cli/synth";
import { temporary } from "../../support/programs";

/** Every stack of main.ts, by name. */
export const STACKS = [
  "event-monitor",
  "event-warehouse",
  "orders-infra",
  "orders-producer",
  "s3-loader",
  "telemetry-lake",
  "telemetry-warehouse",
] as const;

/** Each holds the JAR of every stack, 80 MB: too much to be left lying. */
const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function folderOfThisTest(name: string): string {
  const folder = temporary(name);
  made.push(folder);
  return folder;
}

/** Synthesizes every stack with these settings and answers the folder: what `cdktf.out` would be. */
export async function synthesizeWith(settings: object = {}): Promise<string> {
  const folder = folderOfThisTest("synthesized");
  const file = path.join(folder, "redstream.json");
  writeFileSync(file, JSON.stringify(settings));
  const out = path.join(folder, "cdktf.out");
  await synthesize(out, file);
  return out;
}

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is edited by hand, as a person would
export type Configuration = any;

/** A copy of a synthesized folder with one change made in the stack's JSON or beside it: what a person would edit. */
export function changedCopy(
  from: string,
  stack: string,
  change: (configuration: Configuration, folder: string) => void = () => undefined,
): string {
  const copy = path.join(folderOfThisTest("changed"), "cdktf.out");
  cpSync(from, copy, { recursive: true });
  const folder = path.join(copy, "stacks", stack);
  const configuration = configurationOf(copy, stack);
  change(configuration, folder);
  writeFileSync(path.join(folder, "cdk.tf.json"), JSON.stringify(configuration, null, 2));
  return copy;
}

export function configurationOf(from: string, stack: string): Configuration {
  return JSON.parse(readFileSync(path.join(from, "stacks", stack, "cdk.tf.json"), "utf8"));
}

export const stacksOf = (from: string) => readdirSync(path.join(from, "stacks")).sort();

/** The one resource of a type whose construct path ends like this; said at once when a renamed construct breaks a test. */
export function resourceAt(configuration: Configuration, type: string, ending: string): Configuration {
  const found = Object.values<Configuration>(configuration.resource[type] ?? {}).filter((resource) =>
    resource["//"].metadata.path.endsWith(ending),
  );
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} have a path that ends in ${ending}`);
  return found[0];
}

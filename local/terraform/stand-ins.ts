import { SetupError } from "../setup/problem";
import { type Rename, rewriteTemplate } from "./references";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Gives the values that stand in for one block. */
export type Values = (block: JsonObject, type: string, name: string) => JsonObject;

/**
 * Replaces every resource or data source of one provider in a synthesized stack by a `terraform_data` (Terraform's own, no plugin) whose `input` holds
 * `values`, its references by references to that, and takes the provider out of the configuration. Answers a new stack and the addresses
 * that were replaced; what has nothing to do with the provider is the same JSON as before.
 */
export function standIn(
  stack: JsonObject,
  options: { readonly provider: string; readonly mode: "resource" | "data"; readonly values: Values },
): { readonly stack: JsonObject; readonly replaced: readonly string[] } {
  const { provider, mode, values } = options;
  const belongs = (type: string) => type.startsWith(`${provider}_`);
  const other = mode === "data" ? "resource" : "data";
  for (const [type, blocks] of Object.entries(objectOf(stack[other]))) {
    for (const name of belongs(type) ? Object.keys(objectOf(blocks)) : []) {
      throw new SetupError(
        `${addressOf(other, type, name)}: not known to the local run without the ${provider} provider; use a plugin mirror that holds it`,
      );
    }
  }

  const found = Object.entries(objectOf(stack[mode]))
    .filter(([type]) => belongs(type))
    .flatMap(([type, blocks]) =>
      Object.entries(objectOf(blocks)).map(([name, block]) => ({ type, name, block: objectOf(block) })),
    );
  const replaced = new Map(found.map(({ type, name }) => [addressOf(mode, type, name), `${type}_${name}`]));
  const rename = renaming(replaced, mode);

  const rest = withoutProvider(stack, provider, mode, belongs);
  const renamed = renameReferences(rest, rename) as JsonObject;
  if (found.length === 0) return { stack: renamed, replaced: [] };
  const data: JsonObject = { ...objectOf(objectOf(renamed.resource).terraform_data) };
  for (const { type, name, block } of found) {
    const address = addressOf(mode, type, name);
    for (const argument of ["count", "for_each", "provisioner"]) {
      if (argument in block)
        throw new SetupError(`${address}: ${argument} is not known to the local run without the ${provider} provider`);
    }
    const as = `${type}_${name}`;
    if (as in data)
      throw new SetupError(
        `${address}: its stand-in terraform_data.${as} would meet a resource of that name in the stack`,
      );
    data[as] = {
      input: values(block, type, name),
      ...("depends_on" in block ? { depends_on: renameReferences(block.depends_on as Json, rename, true) } : {}),
    };
  }
  const resource = { ...objectOf(renamed.resource), terraform_data: data };
  return { stack: { ...renamed, resource }, replaced: [...replaced.keys()] };
}

const addressOf = (mode: "resource" | "data", type: string, name: string) =>
  `${mode === "data" ? "data." : ""}${type}.${name}`;

/** `random_id.x.hex` is `terraform_data.random_id_x.output.hex`; the resource as a whole is its output, too. */
function renaming(replaced: ReadonlyMap<string, string>, mode: "resource" | "data"): Rename {
  const parts = mode === "data" ? 3 : 2;
  return (reference) => {
    const names = reference.split(".");
    const as = replaced.get(names.slice(0, parts).join("."));
    return as && ["terraform_data", as, "output", ...names.slice(parts)].join(".");
  };
}

/** Keys whose strings are addresses without `${}` around them. */
const ADDRESSES = new Set(["depends_on", "replace_triggered_by"]);

function renameReferences(value: Json, rename: Rename, bare = false): Json {
  if (typeof value === "string") {
    // A dependence is on the resource, not on its output.
    return bare ? (rename(value)?.replace(/^([^.]+\.[^.]+).*$/, "$1") ?? value) : rewriteTemplate(value, rename);
  }
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, rename, bare));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      // Comments for people and for CDKTF; Terraform does not read them.
      if (key === "//") return [key, item];
      return [rewriteTemplate(key, rename), renameReferences(item, rename, ADDRESSES.has(key))];
    }),
  );
}

/** The stack without the provider's blocks, its requirement, and the replaced types. */
function withoutProvider(
  stack: JsonObject,
  provider: string,
  mode: "resource" | "data",
  belongs: (type: string) => boolean,
): JsonObject {
  const copy = { ...stack };
  const drop = (key: string, unwanted: (name: string) => boolean) => {
    if (!(key in copy)) return;
    const kept = Object.entries(objectOf(copy[key])).filter(([name]) => !unwanted(name));
    if (kept.length > 0) copy[key] = Object.fromEntries(kept);
    else delete copy[key];
  };
  drop("provider", (name) => name === provider);
  drop(mode, belongs);
  const terraform = objectOf(copy.terraform);
  if ("required_providers" in terraform) {
    const { [provider]: _, ...required } = objectOf(terraform.required_providers);
    copy.terraform = { ...terraform, required_providers: required };
  }
  return copy;
}

export function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

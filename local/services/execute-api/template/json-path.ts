import { TemplateError } from "./error";
import type { Json } from "./json";

type Step = { readonly key: string } | { readonly index: number } | "*";

const STEP =
  /\.(?<name>[A-Za-z_][\w-]*)|\[\s*'(?<single>[^']*)'\s*\]|\[\s*"(?<double>[^"]*)"\s*\]|\[\s*(?<index>-?\d+)\s*\]|(?<any>\.\*|\[\s*\*\s*\])/y;

/**
 * The part of JSONPath that mapping templates use: `$`, `.name`, `['name']`, `[0]`, `[-1]`, `.*` and `[*]`. Filters, slices, unions and
 * `..` are refused by name.
 *
 * @returns undefined for a path that leads nowhere; a list for a path with a wildcard
 */
export function findPath(document: Json, path: string): Json | undefined {
  const steps = parsePath(path);
  let found: Json[] = [document];
  for (const step of steps) found = found.flatMap((value) => follow(value, step));
  return steps.includes("*") ? found : found[0];
}

function parsePath(path: string): Step[] {
  if (!path.startsWith("$")) throw new TemplateError(`JSONPath ${JSON.stringify(path)} must start with $`);
  const steps: Step[] = [];
  for (let at = 1; at < path.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const groups = STEP.exec(path)?.groups;
    if (!groups) {
      throw new TemplateError(
        `JSONPath ${JSON.stringify(path)}: ${JSON.stringify(path.slice(at))} is not known here; known are .name, ['name'], [0], .* and [*]`,
      );
    }
    const key = groups.name ?? groups.single ?? groups.double;
    steps.push(groups.any ? "*" : key !== undefined ? { key } : { index: Number(groups.index) });
  }
  return steps;
}

function follow(value: Json, step: Step): Json[] {
  if (step === "*") return Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
  const next =
    "key" in step
      ? value instanceof Map
        ? value.get(step.key)
        : undefined
      : Array.isArray(value)
        ? value.at(step.index)
        : undefined;
  return next === undefined ? [] : [next];
}

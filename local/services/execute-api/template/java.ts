import { TemplateError } from "./error";
import { Double, type Json } from "./json";

/** An object of API Gateway's in a template: it has the members of the reference and no others. */
export interface Shim {
  /** A property; undefined is null. Throws TemplateError for one that the reference does not have. */
  get(name: string): Value;
  call(name: string, args: readonly Value[]): Value;
  set?(name: string, value: Value): void;
}

/** A value in a template. */
export type Value = undefined | null | boolean | string | bigint | Double | Value[] | Map<string, Value> | Shim;

export const isShim = (value: Value): value is Shim =>
  typeof value === "object" && value !== null && "call" in value && "get" in value && !(value instanceof Map);

/** Text of a value as Java's `toString` gives it: a list is `[a, b]`, a map `{a=b}`. */
export function toText(value: Value): string {
  if (value === undefined || value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(toText).join(", ")}]`;
  if (value instanceof Map) return `{${[...value].map(([key, member]) => `${key}=${toText(member)}`).join(", ")}}`;
  if (isShim(value)) throw new TemplateError("an object of API Gateway's has no text; name one of its members");
  return String(value);
}

export const toNumber = (value: Value): number | undefined =>
  typeof value === "bigint" ? Number(value) : value instanceof Double ? value.value : undefined;

/** Calls a method of `java.lang.String`, `List`, `Map` or a number, where it is one of those that templates use. */
export function callMethod(on: Value, name: string, args: readonly Value[]): Value {
  if (isShim(on)) return on.call(name, args);
  const methods: Methods =
    typeof on === "string"
      ? STRING
      : Array.isArray(on)
        ? LIST
        : on instanceof Map
          ? MAP
          : typeof on === "boolean"
            ? ANY
            : NUMBER;
  const method = Object.hasOwn(methods, name) ? methods[name] : ANY[name];
  if (!method) {
    throw new TemplateError(
      `${name}() of ${typeOf(on)} is not known here; known are ${Object.keys({ ...methods, ...ANY }).join(", ")}`,
    );
  }
  return method(on as never, args);
}

const typeOf = (value: Value) =>
  typeof value === "string"
    ? "a string"
    : Array.isArray(value)
      ? "a list"
      : value instanceof Map
        ? "a map"
        : `a ${typeof value}`;

// biome-ignore lint/suspicious/noExplicitAny: each table takes its own type, which callMethod has seen to
type Methods = Readonly<Record<string, (on: any, args: readonly Value[]) => Value>>;

const ANY: Methods = {
  toString: (on: Value) => toText(on),
  equals: (on: Value, [other]) => toText(on) === toText(other) && typeof on === typeof other,
};

const text = (args: readonly Value[], n: number): string => {
  const value = args[n];
  if (typeof value !== "string") throw new TemplateError(`argument ${n + 1} must be a string, got ${toText(value)}`);
  return value;
};
const whole = (args: readonly Value[], n: number): number => {
  const value = args[n];
  if (typeof value !== "bigint")
    throw new TemplateError(`argument ${n + 1} must be a whole number, got ${toText(value)}`);
  return Number(value);
};

const STRING: Methods = {
  concat: (on: string, args) => on + text(args, 0),
  contains: (on: string, args) => on.includes(text(args, 0)),
  endsWith: (on: string, args) => on.endsWith(text(args, 0)),
  equalsIgnoreCase: (on: string, args) => on.toLowerCase() === text(args, 0).toLowerCase(),
  indexOf: (on: string, args) => BigInt(on.indexOf(text(args, 0))),
  isEmpty: (on: string) => on === "",
  lastIndexOf: (on: string, args) => BigInt(on.lastIndexOf(text(args, 0))),
  length: (on: string) => BigInt(on.length),
  matches: (on: string, args) => regex(`^(?:${text(args, 0)})$`).test(on),
  replace: (on: string, args) => on.split(text(args, 0)).join(text(args, 1)),
  replaceAll: (on: string, args) => on.replace(regex(text(args, 0), "g"), replacement(text(args, 1))),
  replaceFirst: (on: string, args) => on.replace(regex(text(args, 0)), replacement(text(args, 1))),
  split: (on: string, args) => {
    const parts = on.split(regex(text(args, 0)));
    while (parts.length > 1 && parts.at(-1) === "") parts.pop();
    return parts;
  },
  startsWith: (on: string, args) => on.startsWith(text(args, 0)),
  substring: (on: string, args) => {
    const [from, to] = [whole(args, 0), args.length > 1 ? whole(args, 1) : on.length];
    if (from < 0 || to > on.length || from > to) {
      throw new TemplateError(`substring(${from}, ${to}) of a string of ${on.length} characters`);
    }
    return on.slice(from, to);
  },
  toLowerCase: (on: string) => on.toLowerCase(),
  toUpperCase: (on: string) => on.toUpperCase(),
  // Java's trim takes everything up to the space, JavaScript's other white space too.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: see above
  trim: (on: string) => on.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, ""),
};

const LIST: Methods = {
  add: (on: Value[], [value]) => on.push(value) > 0,
  contains: (on: Value[], [value]) => on.some((member) => toText(member) === toText(value)),
  get: (on: Value[], args) => {
    const index = whole(args, 0);
    if (index < 0 || index >= on.length) throw new TemplateError(`get(${index}) of a list of ${on.length}`);
    return on[index];
  },
  isEmpty: (on: Value[]) => on.length === 0,
  size: (on: Value[]) => BigInt(on.length),
};

const MAP: Methods = {
  containsKey: (on: Map<string, Value>, [key]) => on.has(toText(key)),
  entrySet: (on: Map<string, Value>) =>
    [...on].map(
      ([key, value]) =>
        new Map([
          ["key", key],
          ["value", value],
        ]),
    ),
  get: (on: Map<string, Value>, [key]) => on.get(toText(key)),
  isEmpty: (on: Map<string, Value>) => on.size === 0,
  keySet: (on: Map<string, Value>) => [...on.keys()],
  put: (on: Map<string, Value>, [key, value]) => {
    const before = on.get(toText(key));
    on.set(toText(key), value);
    return before;
  },
  size: (on: Map<string, Value>) => BigInt(on.size),
  values: (on: Map<string, Value>) => [...on.values()],
};

const NUMBER: Methods = {
  intValue: (on: bigint | Double) => BigInt(Math.trunc(toNumber(on) ?? 0)),
};

/** Patterns already compiled; templates hold few, requests use them by the thousand. */
const compiled = new Map<string, RegExp>();

/** A Java pattern in JavaScript: the same language but for a few constructs, which are refused. */
function regex(pattern: string, flags = ""): RegExp {
  const key = `${flags}/${pattern}`;
  let made = compiled.get(key);
  if (!made) {
    if (/\\[QEAZzGhHRX]|\(\?[a-z]|[*+?}]\+|&&\[/.test(pattern)) {
      throw new TemplateError(`the pattern ${JSON.stringify(pattern)} uses what only Java's regular expressions have`);
    }
    try {
      made = new RegExp(pattern, flags);
    } catch (error) {
      throw new TemplateError(
        `the pattern ${JSON.stringify(pattern)} is no regular expression: ${(error as Error).message}`,
      );
    }
    // A template may build patterns of its data.
    if (compiled.size < 1000) compiled.set(key, made);
  }
  made.lastIndex = 0;
  return made;
}

/** What String.replace takes; text without a special character is taken as it is, which is many times faster. */
type Replacement = (match: string, ...groups: unknown[]) => string;

/** Java's replacement text: `$1` is a group, a backslash takes the next character as it is. */
function replacement(given: string): Replacement {
  if (!/[\\$]/.test(given)) return given as unknown as Replacement;
  return (match, ...rest) =>
    given.replace(/\\([\s\S])|\$(\d)|\$/g, (whole, escaped?: string, group?: string) => {
      if (escaped !== undefined) return escaped;
      if (group === undefined)
        throw new TemplateError(`illegal group reference in the replacement ${JSON.stringify(given)}`);
      return group === "0" ? match : String(rest[Number(group) - 1] ?? whole);
    });
}

/** JSON values are template values as they are. */
export const fromJson = (value: Json): Value => value as Value;

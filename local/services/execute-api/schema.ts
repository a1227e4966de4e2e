import { misconfigured } from "./fault";
import { Double, type Json } from "./template";

/**
 * Whether `value` satisfies a model: JSON schema, draft 4. Known are the words in `RULES`; a schema that uses another one (`$ref`,
 * `format`, `dependencies` ...) is refused by its name instead of being passed over.
 */
export function satisfies(value: Json, schema: Json): boolean {
  if (!(schema instanceof Map)) throw misconfigured("model: a schema must be an object");
  return [...schema].every(([word, argument]) => {
    if (SILENT.has(word)) return true;
    const rule = RULES[word];
    if (!rule) throw misconfigured(`model: ${JSON.stringify(word)} is not evaluated by the local AWS`);
    return rule(value, argument, schema);
  });
}

/** Words that say nothing of the value, or are read beside another one. */
const SILENT = new Set(["$schema", "id", "title", "description", "default", "exclusiveMinimum", "exclusiveMaximum"]);

const TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === "boolean",
  integer: (value) => typeof value === "bigint",
  null: (value) => value === null,
  number: (value) => numberOf(value) !== undefined,
  object: (value) => value instanceof Map,
  string: (value) => typeof value === "string",
};

type Rule = (value: Json, argument: Json, schema: Map<string, Json>) => boolean;

const RULES: Readonly<Record<string, Rule>> = {
  type: (value, names) => listOf(names).some((name) => TYPES[String(name)]?.(value) ?? false),
  enum: (value, allowed) => listOf(allowed).some((other) => isSame(value, other)),

  required: (value, names) => !(value instanceof Map) || listOf(names).every((name) => value.has(String(name))),
  minProperties: (value, least) => !(value instanceof Map) || value.size >= limit(least),
  maxProperties: (value, most) => !(value instanceof Map) || value.size <= limit(most),
  properties: (value, schemas) =>
    !(value instanceof Map) ||
    [...entries(schemas)].every(([name, schema]) => !value.has(name) || satisfies(value.get(name) as Json, schema)),
  additionalProperties: (value, allowed, schema) => {
    if (!(value instanceof Map) || allowed === true) return true;
    const named = entries(schema.get("properties"));
    const others = [...value].filter(([name]) => !named.has(name));
    return allowed === false ? others.length === 0 : others.every(([, member]) => satisfies(member, allowed));
  },

  items: (value, schema) => !Array.isArray(value) || value.every((member) => satisfies(member, schema)),
  minItems: (value, least) => !Array.isArray(value) || value.length >= limit(least),
  maxItems: (value, most) => !Array.isArray(value) || value.length <= limit(most),

  minLength: (value, least) => typeof value !== "string" || [...value].length >= limit(least),
  maxLength: (value, most) => typeof value !== "string" || [...value].length <= limit(most),
  pattern: (value, source) => typeof value !== "string" || new RegExp(String(source)).test(value),

  minimum: (value, least, schema) => {
    const number = numberOf(value);
    if (number === undefined) return true;
    return schema.get("exclusiveMinimum") === true ? number > limit(least) : number >= limit(least);
  },
  maximum: (value, most, schema) => {
    const number = numberOf(value);
    if (number === undefined) return true;
    return schema.get("exclusiveMaximum") === true ? number < limit(most) : number <= limit(most);
  },

  allOf: (value, schemas) => listOf(schemas).every((schema) => satisfies(value, schema)),
  anyOf: (value, schemas) => listOf(schemas).some((schema) => satisfies(value, schema)),
  oneOf: (value, schemas) => listOf(schemas).filter((schema) => satisfies(value, schema)).length === 1,
  not: (value, schema) => !satisfies(value, schema),
};

const numberOf = (value: Json): number | undefined =>
  typeof value === "bigint" ? Number(value) : value instanceof Double ? value.value : undefined;

function limit(value: Json): number {
  const number = numberOf(value);
  if (number === undefined) throw misconfigured(`model: a limit must be a number, got ${String(value)}`);
  return number;
}

const listOf = (value: Json): Json[] => (Array.isArray(value) ? value : [value]);
const entries = (value: Json | undefined): Map<string, Json> => (value instanceof Map ? value : new Map());

function isSame(a: Json, b: Json): boolean {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) return x === y;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((member, n) => isSame(member, b[n] as Json));
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, member]) => b.has(key) && isSame(member, b.get(key) as Json));
  }
  return a === b;
}

import type { Configuration } from "../synthesized";

/** The part of `terraform providers schema -json` that tells a block from an attribute. */
export interface BlockSchema {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly block_types?: Readonly<Record<string, { readonly block: BlockSchema }>>;
}
export interface Schemas {
  readonly resource: Readonly<Record<string, BlockSchema>>;
  readonly data: Readonly<Record<string, BlockSchema>>;
}

/** Schemas of all providers in `terraform providers schema -json`. */
export function schemasOf(shown: Configuration): Schemas {
  const all = Object.values<Configuration>(shown.provider_schemas);
  const blocks = (kind: string) =>
    Object.fromEntries(
      all.flatMap((provider) =>
        Object.entries<Configuration>(provider[kind] ?? {}).map(([type, { block }]) => [type, block]),
      ),
    );
  return { resource: blocks("resource_schemas"), data: blocks("data_source_schemas") };
}

/**
 * The resources and data sources of a synthesized stack as HCL. tfsec reads Terraform JSON too, but sees no nested block there and takes
 * what is set in one for missing; the types that `schemas` does not know (random, archive) are left out.
 */
export function toHcl(configuration: Configuration, schemas: Schemas): string {
  return (["resource", "data"] as const)
    .flatMap((kind) =>
      Object.entries<Configuration>(configuration[kind] ?? {}).flatMap(([type, byId]) => {
        const schema = schemas[kind][type];
        if (!schema) return [];
        return Object.entries<Configuration>(byId).map(
          ([id, block]) => `${kind} "${type}" "${id}" {\n${body(block, schema)}}\n`,
        );
      }),
    )
    .join("\n");
}

/** Of Terraform itself; nothing a scanner looks at. */
const META = new Set(["//", "depends_on", "lifecycle", "provider", "provisioner", "connection", "count", "for_each"]);

function body(block: Configuration, schema: BlockSchema): string {
  return Object.entries<Configuration>(block)
    .filter(([name]) => !META.has(name))
    .map(([name, value]) => {
      const nested = schema.block_types?.[name]?.block;
      if (!nested) return `${name} = ${expression(value)}\n`;
      const blocks: Configuration[] = Array.isArray(value) ? value : [value];
      return blocks.map((one) => `${name} {\n${body(one, nested)}}\n`).join("");
    })
    .join("");
}

function expression(value: Configuration): string {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(expression).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)} = ${expression(one)}`)
      .join(", ")} }`;
  }
  return String(value);
}

/**
 * A string of Terraform JSON is a template, as a quoted one of HCL: only what stands outside of `${...}` is escaped. A string that is one
 * reference is written without quotes, the form in which tfsec follows it.
 */
function text(template: string): string {
  const parts = split(template);
  if (parts.length === 1 && parts[0]!.code) return parts[0]!.text.slice(2, -1);
  return `"${parts.map(({ text, code }) => (code ? text : escaped(text))).join("")}"`;
}

const escaped = (literal: string) => JSON.stringify(literal).slice(1, -1);

/** Parts of a template: literal text, and `${...}` whole, braces and strings inside of it counted. */
function split(template: string): { text: string; code: boolean }[] {
  const parts: { text: string; code: boolean }[] = [];
  let from = 0;
  for (let i = 0; i < template.length; i++) {
    if (template[i] !== "$" || template[i + 1] !== "{" || template[i - 1] === "$") continue;
    const end = endOf(template, i + 2);
    if (i > from) parts.push({ text: template.slice(from, i), code: false });
    parts.push({ text: template.slice(i, end), code: true });
    from = end;
    i = end - 1;
  }
  if (from < template.length || parts.length === 0) parts.push({ text: template.slice(from), code: false });
  return parts;
}

/** Offset behind the brace that closes an expression which begins at `from`. */
function endOf(template: string, from: number): number {
  let depth = 1;
  let inString = false;
  for (let i = from; i < template.length; i++) {
    const c = template[i];
    if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "{") depth++;
    else if (c === "}" && --depth === 0) return i + 1;
  }
  throw new Error(`a template's expression does not end: ${template.slice(from)}`);
}

import { JobError } from "./errors";

export type Properties = Readonly<Record<string, string>>;

/** Literal, quoted name, comment, semicolon, plain text. The last two alternatives are what is not closed. */
const PART = /'[^']*'|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|;|(?:(?!--|\/\*)[^'`;])+|['`]|\/\*/g;
const REFERENCE = /\$\{([A-Za-z0-9_.-]+)\}/g;

/**
 * The statements of an application's property group, as `flink/sql-runner` makes them: `script.1`, `script.2`, ... in order, split
 * at `;`, `${name}` put in by where it stands (in '...' a value, in `...` a name, elsewhere SQL text), comments dropped.
 */
export function statements(properties: Properties): string[] {
  const numbers = Object.keys(properties)
    .flatMap((name) => /^script\.([1-9][0-9]*)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  if (numbers.length === 0) {
    throw new JobError(`property script.1 is missing; group SqlRunner has ${Object.keys(properties).join(", ")}`);
  }
  numbers.forEach((number, i) => {
    if (number !== i + 1) {
      throw new JobError(`property script.${i + 1} is missing, although there is script.${numbers.at(-1)}`);
    }
  });
  const all = numbers.flatMap((n) => split(`script.${n}`, properties[`script.${n}`] ?? "", properties));
  if (!all.some((sql) => /^insert\b/i.test(sql))) {
    throw new JobError(`the script has ${all.length} statements and no INSERT among them: it would deliver nothing`);
  }
  return all;
}

function split(property: string, sql: string, properties: Properties): string[] {
  const done: string[] = [];
  let statement = "";
  const close = () => {
    if (statement.trim() !== "") done.push(statement.trim());
    statement = "";
  };
  for (const [part] of sql.matchAll(PART)) {
    const where = `${property}, statement ${done.length + 1}`;
    if (part === ";") close();
    else if (isComment(part)) statement += " ";
    else statement += substitute(closed(part, where), properties, where);
  }
  close();
  return done;
}

function substitute(part: string, properties: Properties, where: string): string {
  const quote = part[0] === "'" || part[0] === "`" ? part[0] : undefined;
  return part.replace(REFERENCE, (_, name: string) => {
    const value = properties[name];
    if (value === undefined) {
      const known = Object.keys(properties).join(", ");
      throw new JobError(`${where}: no property ${name} in group SqlRunner, which has ${known}`);
    }
    if (quote) return value.replaceAll(quote, quote + quote);
    checkWhole(value, `${where}, \${${name}}`);
    return value;
  });
}

/** Text that is inserted must not change what stands around it. */
function checkWhole(text: string, where: string): void {
  for (const [part] of text.matchAll(PART)) {
    if (part === ";") throw new JobError(`${where}: a semicolon, but one statement's part is wanted`);
    if (isComment(part)) throw new JobError(`${where}: a comment; take it out`);
    closed(part, where);
  }
}

function closed(part: string, where: string): string {
  if (part === "'") throw new JobError(`${where}: unterminated literal '`);
  if (part === "`") throw new JobError(`${where}: unterminated name \``);
  if (part === "/*") throw new JobError(`${where}: unterminated comment /*`);
  return part;
}

const isComment = (part: string) =>
  part.startsWith("--") || (part.startsWith("/*") && part.length > 2 && !part.startsWith("/*+"));

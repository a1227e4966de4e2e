import { parse } from "velocityjs";
import { TemplateError } from "./error";
import { callMethod, isShim, toNumber, toText, type Value } from "./java";
import { Double } from "./json";

/**
 * Renders mapping templates: velocityjs reads them, this file gives them Apache Velocity's meaning.
 *
 * velocityjs's own evaluation is JavaScript's (an empty string is false, replaceAll takes no pattern, an unknown variable prints its
 * name); here what API Gateway's reference does not have is a TemplateError.
 */
export interface Variables {
  readonly [name: string]: Value;
}

// velocityjs's types describe less than its parser gives; the shapes used are those of its type.d.ts.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Node = any;

interface Template {
  readonly nodes: readonly Node[];
  /** Names that a #set or #foreach gives a value somewhere: reading one before is null, not a mistake. */
  readonly assigned: ReadonlySet<string>;
}

/** Templates already read, and the double-quoted strings in them, which are templates too. */
const read = new Map<string, Template>();

/** The text of `template` with `variables`, which a #set may write through their shims. */
export function render(template: string, variables: Variables): string {
  const { nodes, assigned } = readTemplate(template);
  return new Evaluation(variables, assigned).text(nodes);
}

function readTemplate(source: string): Template {
  let template = read.get(source);
  if (!template) {
    try {
      checkBlocks(source);
      const nodes: Node[] = parse(source);
      template = { nodes, assigned: assignedIn(nodes) };
    } catch (error) {
      throw new TemplateError(`no valid template: ${(error as Error).message.split("\n").slice(0, 3).join(" ")}`);
    }
    if (read.size < 1000) read.set(source, template);
  }
  return template;
}

/** No template of a person holds it. */
const MARK = "\u0001";

/**
 * Velocity refuses a block that is not closed and an `#end` too many; velocityjs takes the first and leaves out what stands behind the second. A mark behind
 * the template is found once, and last outside of every block, exactly when each has its `#end`. The newline ends a `##` comment.
 */
function checkBlocks(source: string): void {
  const nodes: Node[] = parse(`${source}\n${MARK}`);
  const last = nodes.at(-1);
  const found = JSON.stringify(nodes).split(JSON.stringify(MARK).slice(1, -1)).length - 1;
  if (found === 1 && typeof last === "string" && last.endsWith(MARK)) return;
  throw new Error(found === 0 ? "an #end without a block" : "a block without its #end");
}

function assignedIn(node: Node, names = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const child of node) assignedIn(child, names);
  else if (node?.type === "set") names.add(node.equal[0].id);
  else if (node?.type === "foreach") names.add(node.to);
  return names;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const MOST_ROUNDS = 1000;
const LOOP = ["foreach", "velocityCount"];
class Stop extends Error {}
class Break extends Error {}

class Evaluation {
  private readonly own = new Map<string, Value>();

  constructor(
    private readonly given: Variables,
    private readonly assigned: ReadonlySet<string>,
  ) {}

  text(nodes: readonly Node[]): string {
    const out: string[] = [];
    try {
      this.print(nodes, out);
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
    return out.join("");
  }

  private print(nodes: readonly Node[], out: string[]): void {
    for (const [n, node] of nodes.entries()) {
      // Velocity 1.7 takes the white space before a #set with it.
      if (typeof node === "string") out.push(nodes[n + 1]?.type === "set" ? node.replace(/[ \t]+$/, "") : node);
      else if (Array.isArray(node)) this.block(node, out);
      else this.directive(node, out);
    }
  }

  private directive(node: Node, out: string[]): void {
    switch (node.type) {
      case "references":
        out.push(this.printed(node));
        return;
      case "set":
        this.set(node);
        return;
      case "raw":
        out.push(node.value);
        return;
      case "comment":
        return;
      case "break":
        throw new Break();
      case "macro_call":
        if (node.id === "stop") throw new Stop();
        throw this.unknown(node, `#${node.id} is no directive of API Gateway's mapping templates`);
      default:
        throw this.unknown(node, `#${node.type} is no directive of API Gateway's mapping templates`);
    }
  }

  private block(nodes: readonly Node[], out: string[]): void {
    const [head] = nodes;
    if (head.type === "if") this.choose(nodes, out);
    else if (head.type === "foreach") this.loop(head, nodes.slice(1), out);
    else throw this.unknown(head, `#${head.type} is no directive of API Gateway's mapping templates`);
  }

  private choose(nodes: readonly Node[], out: string[]): void {
    const branches: { taken: () => boolean; body: Node[] }[] = [];
    for (const node of nodes) {
      if (node.type === "if" || node.type === "elseif") {
        branches.push({ taken: () => isTrue(this.value(node.condition)), body: [] });
      } else if (node.type === "else") branches.push({ taken: () => true, body: [] });
      else branches.at(-1)?.body.push(node);
    }
    const branch = branches.find(({ taken }) => taken());
    if (branch) this.print(branch.body, out);
  }

  private loop(head: Node, body: readonly Node[], out: string[]): void {
    const from = this.value(head.from);
    const items = Array.isArray(from) ? from : from instanceof Map ? [...from.values()] : [];
    if (items.length > MOST_ROUNDS) {
      throw new TemplateError(
        `#foreach of ${items.length} members: API Gateway makes at most ${MOST_ROUNDS} rounds of a loop`,
      );
    }
    const outer = [head.to, ...LOOP].map((name) => [name, this.own.get(name)] as const);
    try {
      items.forEach((item, index) => {
        this.own.set(head.to, item);
        this.own.set("velocityCount", BigInt(index + 1));
        this.own.set(
          "foreach",
          new Map<string, Value>([
            ["index", BigInt(index)],
            ["count", BigInt(index + 1)],
            ["hasNext", index + 1 < items.length],
            ["first", index === 0],
            ["last", index + 1 === items.length],
          ]),
        );
        this.print(body, out);
      });
    } catch (error) {
      if (!(error instanceof Break)) throw error;
    } finally {
      for (const [name, value] of outer) this.own.set(name, value);
    }
  }

  private set(node: Node): void {
    const [target, source] = node.equal;
    const value = this.value(source);
    if (!target.path) {
      if (Object.hasOwn(this.given, target.id))
        throw this.unknown(target, `$${target.id} is API Gateway's own and cannot be set`);
      this.own.set(target.id, value);
      return;
    }
    const last = target.path.at(-1);
    const owner = this.reference({ ...target, path: target.path.slice(0, -1) });
    const name = last.type === "property" ? last.id : last.type === "index" ? toText(this.value(last.id)) : undefined;
    if (name !== undefined && isShim(owner) && owner.set) owner.set(name, value);
    else if (name !== undefined && owner instanceof Map) owner.set(name, value);
    else throw this.unknown(target, "only a member of a map, or an override of $context, can be set");
  }

  /** Text in place of a reference: nothing for a quiet one that is null, its own text for another, as Velocity prints it. */
  private printed(node: Node): string {
    const value = this.reference(node);
    if (value !== undefined && value !== null) return toText(value);
    return node.leader === "$!" ? "" : sourceOf(node);
  }

  private reference(node: Node): Value {
    if (node.args !== undefined) throw this.unknown(node, `$${node.id}(...) is no function`);
    let value = this.variable(node);
    for (const step of node.path ?? []) {
      if (value === undefined || value === null) return undefined;
      try {
        value = this.step(value, step);
      } catch (error) {
        if (error instanceof TemplateError) throw this.unknown(node, error.message);
        throw error;
      }
    }
    return value;
  }

  private variable(node: Node): Value {
    if (this.own.has(node.id)) return this.own.get(node.id);
    if (Object.hasOwn(this.given, node.id)) return this.given[node.id];
    if (this.assigned.has(node.id)) return undefined;
    throw this.unknown(node, `$${node.id} is not in API Gateway's reference, and no #set gives it a value`);
  }

  private step(value: Value, step: Node): Value {
    if (step.type === "method") {
      return callMethod(
        value,
        step.id,
        (step.args || []).map((argument: Node) => this.value(argument)),
      );
    }
    const key = step.type === "property" ? step.id : toText(this.value(step.id));
    if (isShim(value)) return value.get(key);
    if (value instanceof Map) return value.get(key);
    if (Array.isArray(value) && step.type === "index") return value.at(Number(key));
    throw new TemplateError(`${JSON.stringify(key)} is no property of ${toText(value).slice(0, 40)}`);
  }

  private value(node: Node): Value {
    switch (node.type) {
      case "references":
        return this.reference(node);
      case "math":
        return this.expression(node);
      case "string":
        return node.isEval && /[$#]/.test(node.value) ? this.interpolated(node.value) : node.value;
      case "integer":
        return BigInt(node.value);
      case "decimal":
        return new Double(Number(node.value));
      case "bool":
        return node.value === "null" ? null : node.value === "true";
      case "map":
        return new Map(Object.entries(node.value ?? {}).map(([key, member]) => [key, this.value(member)]));
      case "array":
        return node.isRange ? this.range(node) : node.value.map((member: Node) => this.value(member));
      default:
        throw this.unknown(node, `${JSON.stringify(node.value ?? node.type)} is no expression of a mapping template`);
    }
  }

  private interpolated(source: string): string {
    const { nodes } = readTemplate(source);
    const out: string[] = [];
    this.print(nodes, out);
    return out.join("");
  }

  private range(node: Node): Value {
    const [from, to] = node.value.map((end: Node) =>
      Number(typeof end === "object" ? toText(this.value(end)) : end),
    ) as [number, number];
    const step = from <= to ? 1 : -1;
    return Array.from({ length: Math.abs(to - from) + 1 }, (_, n) => BigInt(from + n * step));
  }

  private expression(node: Node): Value {
    const [left, right] = node.expression;
    const both = () => [this.value(left), this.value(right)] as const;
    switch (node.operator) {
      case "parenthesis":
        return this.value(left);
      case "not":
        return !isTrue(this.value(left));
      case "&&":
        return isTrue(this.value(left)) && isTrue(this.value(right));
      case "||":
        return isTrue(this.value(left)) || isTrue(this.value(right));
      case "==":
        return areEqual(...both());
      case "!=":
        return !areEqual(...both());
      case "minus":
        return this.calculate(node, 0n, "-", this.value(left));
      case "+": {
        const [a, b] = both();
        if (typeof a === "string" || typeof b === "string") return toText(a) + toText(b);
        return this.calculate(node, a, "+", b);
      }
      default: {
        const [a, b] = both();
        return this.calculate(node, a, node.operator, b);
      }
    }
  }

  private calculate(node: Node, a: Value, operator: string, b: Value): Value {
    const [x, y] = [toNumber(a), toNumber(b)];
    if (x === undefined || y === undefined) {
      throw this.unknown(
        node,
        `${operator} takes numbers, got ${toText(a).slice(0, 40)} and ${toText(b).slice(0, 40)}`,
      );
    }
    if (operator === ">") return x > y;
    if (operator === "<") return x < y;
    if (operator === ">=") return x >= y;
    if (operator === "<=") return x <= y;
    if ((operator === "/" || operator === "%") && y === 0) return null;
    if (typeof a === "bigint" && typeof b === "bigint") return WHOLE[operator]?.(a, b);
    return new Double(BROKEN[operator]?.(x, y) ?? Number.NaN);
  }

  private unknown(node: Node, why: string): TemplateError {
    const line = node?.pos?.first_line;
    return new TemplateError(line === undefined ? why : `line ${line}: ${why}`);
  }
}

/** Whole numbers stay whole, as in Java: 7 / 2 is 3. */
const WHOLE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};
const BROKEN: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

/** Null and false are false; all else is true, an empty string too (Velocity 1.7). */
const isTrue = (value: Value) => value !== undefined && value !== null && value !== false;

function areEqual(a: Value, b: Value): boolean {
  const [x, y] = [toNumber(a), toNumber(b)];
  if (x !== undefined && y !== undefined) return typeof a === "bigint" && typeof b === "bigint" ? a === b : x === y;
  const [noA, noB] = [a === undefined || a === null, b === undefined || b === null];
  return noA || noB ? noA && noB : toText(a) === toText(b);
}

/** A reference as the template has it. */
function sourceOf(node: Node): string {
  const inner = node.id + (node.path ?? []).map(sourceOfStep).join("");
  return node.isWraped ? `${node.leader}{${inner}}` : `${node.leader}${inner}`;
}

function sourceOfStep(step: Node): string {
  if (step.type === "property") return `.${step.id}`;
  if (step.type === "method") return `.${step.id}(${(step.args || []).map(sourceOfArgument).join(", ")})`;
  return `[${sourceOfArgument(step.id)}]`;
}

function sourceOfArgument(node: Node): string {
  if (node.type === "references") return sourceOf(node);
  if (node.type === "string") return node.isEval ? `"${node.value}"` : `'${node.value}'`;
  return String(node.value);
}

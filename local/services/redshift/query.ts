import type { AwsResponse } from "../../gateway/types";
import { AwsError } from "../../gateway/types";

/** Parameters of a query-protocol call: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export class Parameters {
  constructor(private readonly form: URLSearchParams) {}

  get(name: string): string | undefined {
    const value = this.form.get(name);
    return value === null || value === "" ? undefined : value;
  }

  require(name: string): string {
    const value = this.get(name);
    if (value === undefined) throw new AwsError("MissingParameter", `The request must contain the parameter ${name}`);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : value.toLowerCase() === "true";
  }

  /** @throws AwsError unless it is a whole number between `min` and `max` */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new AwsError(
        "InvalidParameterValue",
        `${name} must be a whole number between ${min} and ${max}, got ${value}`,
      );
    }
    return number;
  }

  /** `Name.member.1`, `Name.Item.1` or `Name.1`; undefined when the list is not in the request at all. */
  list(name: string): string[] | undefined {
    const found: [number, string][] = [];
    for (const [key, value] of this.form) {
      const at = new RegExp(`^${name}\\.(?:\\w+\\.)?(\\d+)$`).exec(key)?.[1];
      if (at) found.push([Number(at), value]);
    }
    if (found.length === 0) return this.form.has(name) ? [] : undefined;
    return found.sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  /** A list of structures: `Tags.Tag.1.Key=...&Tags.Tag.1.Value=...`. */
  structures(name: string): Record<string, string>[] {
    const found = new Map<number, Record<string, string>>();
    for (const [key, value] of this.form) {
      const match = new RegExp(`^${name}\\.(?:\\w+\\.)?(\\d+)\\.(\\w+)$`).exec(key);
      if (!match) continue;
      const at = Number(match[1]);
      const structure = found.get(at) ?? {};
      structure[match[2]!] = value;
      found.set(at, structure);
    }
    return [...found].sort(([a], [b]) => a - b).map(([, structure]) => structure);
  }
}

/** A list in an answer, with the name of its members. */
export class Members {
  constructor(
    readonly name: string,
    readonly values: readonly Xml[],
  ) {}
}

export type Xml = string | number | boolean | Date | Members | undefined | { readonly [name: string]: Xml };

const NAMESPACE = "http://redshift.amazonaws.com/doc/2012-12-01/";

export function answer(action: string, requestId: string, result: Xml | undefined): AwsResponse {
  const inner = result === undefined ? "" : element(`${action}Result`, result);
  const metadata = element("ResponseMetadata", { RequestId: requestId });
  return {
    status: 200,
    headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
    body: `<${action}Response xmlns="${NAMESPACE}">${inner}${metadata}</${action}Response>`,
  };
}

function element(name: string, value: Xml): string {
  return value === undefined ? "" : `<${name}>${content(value)}</${name}>`;
}

function content(value: Exclude<Xml, undefined>): string {
  if (value instanceof Members) return value.values.map((member) => element(value.name, member)).join("");
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, inner]) => element(name, inner))
      .join("");
  }
  return String(value).replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]!);
}

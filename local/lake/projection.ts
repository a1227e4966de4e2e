import { notCarried, QueryError } from "./errors";
import type { HiveColumn } from "./hive-type";

/**
 * Partition projection: which part of an object's key is which partition's, by the table's own properties and never by a listing of
 * partitions. https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
 */
export interface Projection {
  readonly bucket: string;
  /** Fixed beginning of every partition's keys. */
  readonly prefix: string;
  /** Values of the partition that an object lies in, by the keys' order; undefined where no partition is projected. */
  valuesOf(objectKey: string): readonly string[] | undefined;
}

type Parameters = Readonly<Record<string, string>>;

export interface ProjectedTable {
  readonly name: string;
  readonly location: string;
  readonly parameters: Parameters;
  readonly partitionKeys: readonly HiveColumn[];
}

interface Key {
  readonly pattern: string;
  admits(text: string): boolean;
}

export function projectionOf(table: ProjectedTable, now: Date): Projection {
  const { partitionKeys, parameters } = table;
  if (partitionKeys.length > 0 && parameters["projection.enabled"]?.trim().toLowerCase() !== "true") {
    throw notCarried(`a partitioned table without projection.enabled (${table.name})`);
  }
  const missing = partitionKeys.filter(({ name }) => parameters[`projection.${name}.type`] === undefined);
  if (missing.length > 0) {
    throw new QueryError(
      `INVALID_TABLE_PROPERTY: Table ${table.name} is configured for partition projection, but the following partition columns are missing projection configuration: [${missing.map(({ name }) => name).join(", ")}]`,
    );
  }
  const keys = new Map(partitionKeys.map(({ name }) => [name, keyOf(name, parameters, now)]));
  const { bucket, path } = splitLocation(templateOf(table));
  const order: string[] = [];
  const pattern = path
    .split(/(\$\{[^}]+\})/)
    .map((part) => {
      const name = /^\$\{([^}]+)\}$/.exec(part)?.[1];
      if (name === undefined) return escaped(part);
      const key = keys.get(name);
      if (!key)
        throw new QueryError(
          `INVALID_TABLE_PROPERTY: storage.location.template names ${name}, which is no partition column`,
        );
      order.push(name);
      return `(${key.pattern})`;
    })
    .join("");
  if (partitionKeys.some(({ name }) => !order.includes(name))) {
    throw new QueryError(
      "INVALID_TABLE_PROPERTY: The 'storage.location.template' table property must contain templates for all partition columns!",
    );
  }
  const expression = new RegExp(`^${pattern}`);
  return {
    bucket,
    prefix: path.split("${")[0]!,
    valuesOf(objectKey) {
      const match = expression.exec(objectKey);
      if (!match) return undefined;
      const values = new Map(order.map((name, i) => [name, match[i + 1]!]));
      if (![...values].every(([name, value]) => keys.get(name)!.admits(value))) return undefined;
      return partitionKeys.map(({ name }) => values.get(name)!);
    },
  };
}

/** Without a template it is Hive's layout, `key=value/` under the location. */
function templateOf({ location, parameters, partitionKeys }: ProjectedTable): string {
  const template = parameters["storage.location.template"];
  const text =
    template ?? [location.replace(/\/$/, ""), ...partitionKeys.map(({ name }) => `${name}=\${${name}}`)].join("/");
  return text.endsWith("/") ? text : `${text}/`;
}

function splitLocation(location: string): { readonly bucket: string; readonly path: string } {
  const match = /^s3:\/\/([^/]+)\/(.*)$/.exec(location);
  if (!match) throw new QueryError(`a table's location must be s3://BUCKET/PREFIX/, got ${location}`);
  return { bucket: match[1]!, path: match[2]! };
}

/** https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html */
function keyOf(name: string, parameters: Parameters, now: Date): Key {
  const property = (what: string) => parameters[`projection.${name}.${what}`];
  const required = (what: string) => {
    const value = property(what);
    if (value === undefined) throw new QueryError(`INVALID_TABLE_PROPERTY: projection.${name}.${what} is missing`);
    return value;
  };
  const type = required("type").trim().toLowerCase();
  switch (type) {
    case "integer": {
      const range = required("range")
        .split(",")
        .map((text) => Number(text.trim()));
      if (range.length !== 2 || !range.every(Number.isSafeInteger)) {
        throw new QueryError(
          `INVALID_TABLE_PROPERTY: projection.${name}.range must be two whole numbers, got ${required("range")}`,
        );
      }
      const interval = Number(property("interval") ?? 1);
      const digits = Number(property("digits") ?? 0);
      const [from, to] = range as [number, number];
      return {
        pattern: digits > 0 ? `-?\\d{${digits},}` : "-?\\d+",
        admits: (text) => {
          const value = Number(text);
          return (
            value >= from &&
            value <= to &&
            (value - from) % interval === 0 &&
            text === String(value).padStart(digits, "0")
          );
        },
      };
    }
    case "date": {
      const format = required("format");
      const [from, to] = required("range")
        .split(",")
        .map((text) => boundOf(text.trim(), format, name, now));
      if (from === undefined || to === undefined) {
        throw new QueryError(
          `INVALID_TABLE_PROPERTY: projection.${name}.range must be two dates, got ${required("range")}`,
        );
      }
      if ((property("interval") ?? "1") !== "1") throw notCarried(`projection.${name}.interval other than 1`);
      const pattern = patternOf(format, name);
      // Formats are of fixed width with the largest unit first, so that text and time have the same order.
      return { pattern, admits: (text) => text >= from && text <= to };
    }
    case "enum": {
      const values = required("values").split(",");
      return { pattern: values.map(escaped).join("|"), admits: (text) => values.includes(text) };
    }
    default:
      throw notCarried(`projection.${name}.type ${type}`);
  }
}

const FORMAT = /^yyyy([-/]?)(?:MM(?:([-/]?)dd(?:([-/ T]?)HH)?)?)?$/;

function patternOf(format: string, name: string): string {
  if (!FORMAT.test(format)) throw notCarried(`projection.${name}.format ${format}`);
  return escaped(format)
    .replace("yyyy", "\\d{4}")
    .replace("MM", "\\d{2}")
    .replace("dd", "\\d{2}")
    .replace("HH", "\\d{2}");
}

/** A bound as text of the format; NOW is in UTC, and NOW-3DAYS and the like are moved from it. */
function boundOf(text: string, format: string, name: string, now: Date): string {
  const moved = /^NOW(?:\s*([-+])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR)S?)?$/i.exec(text);
  if (!moved) {
    if (!new RegExp(`^${patternOf(format, name)}$`).test(text)) {
      throw new QueryError(`INVALID_TABLE_PROPERTY: projection.${name}.range: ${text} is not of the format ${format}`);
    }
    return text;
  }
  const at = new Date(now);
  const by = Number(`${moved[1] ?? "+"}${moved[2] ?? 0}`);
  switch (moved[3]?.toUpperCase()) {
    case "YEAR":
      at.setUTCFullYear(at.getUTCFullYear() + by);
      break;
    case "MONTH":
      at.setUTCMonth(at.getUTCMonth() + by);
      break;
    case "WEEK":
      at.setUTCDate(at.getUTCDate() + 7 * by);
      break;
    case "DAY":
      at.setUTCDate(at.getUTCDate() + by);
      break;
    case "HOUR":
      at.setUTCHours(at.getUTCHours() + by);
  }
  const iso = at.toISOString();
  return format
    .replace("yyyy", iso.slice(0, 4))
    .replace("MM", iso.slice(5, 7))
    .replace("dd", iso.slice(8, 10))
    .replace("HH", iso.slice(11, 13));
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

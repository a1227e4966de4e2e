import type { Construct } from "constructs";
import { ConfigError, checkInteger, checkMatch } from "../support/check";

/**
 * How Athena finds a table's partitions: by computing them (partition projection), so that no crawler runs and no partition is ever registered.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
 */
export interface Partitioning {
  readonly keys: readonly { readonly name: string; readonly type: "int" | "string" }[];
  /** Properties of the projection, without `projection.enabled`. */
  readonly properties: Readonly<Record<string, string>>;
  /** Where a partition lies below the table's location, with `NAME` in braces for each key; without a slash at its end. */
  readonly template: string;
}

/** A Terraform string in which `${...}` is Athena's and not Terraform's. */
const placeholder = (key: string) => `$\${${key}}`;

export interface Years {
  /**
   * First year that Athena looks for; what lies before it is not found.
   *
   * @default 2025
   */
  readonly firstYear?: number;

  /**
   * Last year that Athena looks for, at least `firstYear`; what lies after it is not found. A query that does not say which year looks into
   * every hour of each.
   *
   * @default - nine years after the first
   */
  readonly lastYear?: number;
}

/**
 * `year=2026/month=03/day=01/hour=10/`, which `DataFirehose` writes: four keys, whole numbers, which queries restrict by
 * `WHERE year = 2026 AND month = 3`. A year, month and day in folders of their own cannot be one key of the type date, so the years have an end.
 */
export function hourlyPartitions(scope: Construct, { firstYear = 2025, lastYear }: Years = {}): Partitioning {
  const first = checkInteger(scope, "firstYear", firstYear, 2000, 9999);
  const last = checkInteger(scope, "lastYear", lastYear ?? first + 9, 2000, 9999);
  if (last < first) throw new ConfigError(scope, `lastYear must be at least firstYear, got ${last} before ${first}`);
  const ranges = { year: [first, last], month: [1, 12], day: [1, 31], hour: [0, 23] } as const;
  const names = Object.keys(ranges) as (keyof typeof ranges)[];
  const properties = names.flatMap((name) => [
    [`projection.${name}.type`, "integer"],
    [`projection.${name}.range`, ranges[name].join(",")],
    [`projection.${name}.digits`, name === "year" ? "4" : "2"],
  ]);
  return {
    keys: names.map((name) => ({ name, type: "int" })),
    properties: Object.fromEntries(properties),
    template: names.map((name) => `${name}=${placeholder(name)}`).join("/"),
  };
}

/**
 * `car=a/` before the folders of `within`, which `DataFirehose` writes with `partitioning`: a key of the type enum for each name, with the
 * values that Athena looks for. Files of another value are kept and found by no query.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 */
export function valuePartitions(
  scope: Construct,
  values: Readonly<Record<string, readonly string[]>>,
  within: Partitioning,
): Partitioning {
  const own = Object.entries(values);
  for (const [name, known] of own) checkValues(scope, name, known);
  return {
    keys: [...own.map(([name]) => ({ name, type: "string" as const })), ...within.keys],
    properties: {
      ...Object.fromEntries(
        own.flatMap(([name, known]) => [
          [`projection.${name}.type`, "enum"],
          [`projection.${name}.values`, known.join(",")],
        ]),
      ),
      ...within.properties,
    },
    template: [...own.map(([name]) => `${name}=${placeholder(name)}`), within.template].join("/"),
  };
}

function checkValues(scope: Construct, name: string, values: readonly string[]): void {
  checkMatch(scope, "partitioning", name, /^[a-z_][a-z0-9_]*$/, "keys of a-z, 0-9 and _, as Athena has its columns");
  if (values.length === 0)
    throw new ConfigError(scope, `partitioning.${name}.values must hold at least one value, got []`);
  for (const value of values) {
    // The list is one text between commas, and a value is a folder's name.
    checkMatch(
      scope,
      `partitioning.${name}.values`,
      value,
      /^[^,/\s]+$/,
      "values without comma, slash and white space",
    );
  }
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined)
    throw new ConfigError(scope, `partitioning.${name}.values names ${JSON.stringify(twice)} twice`);
}

export interface Folders extends Pick<Years, "firstYear"> {
  /**
   * Whether the folders' hours may be ahead of UTC, whose now is otherwise the last that Athena looks for: by at most 14 hours.
   *
   * @default false
   */
  readonly aheadOfUtc?: boolean;
}

/**
 * `2026/03/01/10/`, which Firehose writes by itself: one key `datehour`, text, which queries restrict by `WHERE datehour >= '2026/03/01/00'`.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-kinesis-firehose-example.html
 */
export function hourlyFolders(scope: Construct, { firstYear = 2025, aheadOfUtc = false }: Folders = {}): Partitioning {
  const first = checkInteger(scope, "firstYear", firstYear, 2000, 9999);
  return {
    keys: [{ name: "datehour", type: "string" }],
    properties: {
      "projection.datehour.type": "date",
      "projection.datehour.format": "yyyy/MM/dd/HH",
      "projection.datehour.range": `${first}/01/01/00,NOW${aheadOfUtc ? "+14HOURS" : ""}`,
      "projection.datehour.interval": "1",
      "projection.datehour.interval.unit": "HOURS",
    },
    template: placeholder("datehour"),
  };
}

import { notCarried, QueryError } from "./errors";
import { BadData, type HiveColumn, type HiveType, scalarOf } from "./hive-type";

/** One line of a file as a row for DuckDB's `from_json`; undefined for a line that the SerDe leaves out. @throws QueryError */
export type Reader = (line: string) => Record<string, unknown> | undefined;

type Parameters = Readonly<Record<string, string>>;

/** The SerDes that are carried, by their class: https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html */
export function readerOf(
  serde: string,
  parameters: Parameters,
  columns: readonly HiveColumn[],
  wanted: ReadonlySet<string>,
): Reader {
  switch (serde) {
    case "org.openx.data.jsonserde.JsonSerDe":
      return openXJson(
        parameters,
        columns.filter(({ name }) => wanted.has(name)),
      );
    case "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe":
      return lazySimple(parameters, columns, wanted);
    default:
      throw notCarried(`the SerDe ${serde || "without a name"}`);
  }
}

/** https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html */
function openXJson(parameters: Parameters, columns: readonly HiveColumn[]): Reader {
  const properties = { ...parameters };
  const yes = (name: string, byDefault: boolean) => {
    const value = properties[name];
    delete properties[name];
    return value === undefined ? byDefault : value.toLowerCase() === "true";
  };
  const ignoreMalformed = yes("ignore.malformed.json", false);
  const nullForInvalid = yes("use.null.for.invalid.data", false);
  if (!yes("case.insensitive", true)) throw notCarried("case.insensitive false of the OpenX JSON SerDe");
  delete properties["serialization.format"];
  const [other] = Object.keys(properties);
  if (other !== undefined) throw notCarried(`the property ${other} of the OpenX JSON SerDe`);
  return (line) => {
    const document = parse(line);
    if (!isObject(document)) {
      if (ignoreMalformed) return undefined;
      throw new QueryError(`HIVE_CURSOR_ERROR: Row is not a valid JSON Object: ${line.slice(0, 100)}`);
    }
    return structOf(document, columns, (column, value) => {
      if (nullForInvalid) return null;
      throw new QueryError(
        `HIVE_BAD_DATA: Error parsing field value ${JSON.stringify(value).slice(0, 100)} for field ${column.name}`,
      );
    });
  };
}

type OnBadData = (column: HiveColumn, value: unknown) => null;

function structOf(document: Record<string, unknown>, columns: readonly HiveColumn[], bad: OnBadData) {
  const lower = new Map(Object.entries(document).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    columns.map((column) => {
      const value = lower.get(column.name) ?? null;
      try {
        return [column.name, value === null ? null : typed(value, column.type, bad)];
      } catch (error) {
        if (!(error instanceof BadData)) throw error;
        return [column.name, bad(column, value)];
      }
    }),
  );
}

function typed(value: unknown, type: HiveType, bad: OnBadData): unknown {
  if (type.kind === "struct") {
    if (!isObject(value)) throw new BadData();
    return structOf(value, type.fields, bad);
  }
  if (type.kind === "array") {
    if (!Array.isArray(value)) throw new BadData();
    return value.map((item: unknown) => (item === null ? null : typed(item, type.of, bad)));
  }
  if (type.kind === "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
  if (typeof value === "object") throw new BadData();
  return scalarOf(Object.is(value, -0) ? "-0.0" : String(value), type.kind);
}

/** https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html. What is not of its column's type is NULL, as is a column that a line lacks. */
function lazySimple(parameters: Parameters, columns: readonly HiveColumn[], wanted: ReadonlySet<string>): Reader {
  const {
    "field.delim": delimiter = "\u0001",
    "serialization.null.format": nullText = "\\N",
    "serialization.format": _,
    ...rest
  } = parameters;
  const [other] = Object.keys(rest);
  if (other !== undefined) throw notCarried(`the property ${other} of the Lazy Simple SerDe`);
  const nested = columns.find(({ type }) => type.kind === "struct" || type.kind === "array");
  if (nested) throw notCarried(`a nested column of the Lazy Simple SerDe (${nested.name})`);
  return (line) => {
    const fields = line.split(delimiter);
    return Object.fromEntries(
      columns.flatMap(({ name, type }, i) => {
        if (!wanted.has(name)) return [];
        const text = fields[i];
        return [[name, text === undefined || text === nullText ? null : lenient(text, type)]];
      }),
    );
  };
}

function lenient(text: string, type: HiveType): unknown {
  try {
    return type.kind === "struct" || type.kind === "array" ? null : scalarOf(text, type.kind);
  } catch (error) {
    if (error instanceof BadData) return null;
    throw error;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

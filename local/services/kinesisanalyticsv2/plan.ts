import { JobError } from "./errors";
import { type Piece, parseInsert } from "./line";
import { type Properties, statements } from "./script";
import { parseTable, type Table } from "./table";

/** What a script asks for: rows of `source`, through `select`, as lines to a delivery stream. */
export interface Plan {
  readonly stream: string;
  readonly initialPosition: "TRIM_HORIZON" | "LATEST";
  readonly source: Table;
  readonly select: string;
  readonly line: readonly Piece[];
  readonly deliveryStream: string;
}

/** Options of a table, each with the values that the local evaluation carries out (any, when there is no list). */
type Options = Readonly<Record<string, readonly string[] | undefined>>;

const SOURCE: Options = {
  connector: ["kinesis"],
  stream: undefined,
  "aws.region": undefined,
  "scan.stream.initpos": ["TRIM_HORIZON", "LATEST"],
  format: ["json"],
  "json.ignore-parse-errors": ["true"],
};
const SINK: Options = {
  connector: ["firehose"],
  "delivery-stream": undefined,
  "aws.region": undefined,
  format: ["raw"],
};

/** Reads the applied script. Whatever the local evaluation would not carry out as Flink does is refused by name. */
export function planOf(properties: Properties, region: string): Plan {
  const all = statements(properties);
  const tables: Table[] = [];
  let insert: ReturnType<typeof parseInsert> | undefined;
  all.forEach((sql, i) => {
    try {
      if (/^create\b/i.test(sql)) tables.push(parseTable(sql));
      else if (!/^insert\b/i.test(sql)) throw new JobError(`${sql.split(/\s/)[0]} is not CREATE TABLE or INSERT`);
      else if (insert) throw new JobError("a second INSERT; the local evaluation carries one out");
      else insert = parseInsert(sql);
    } catch (error) {
      throw error instanceof JobError ? new JobError(`statement ${i + 1} of the script: ${error.message}`) : error;
    }
  });
  const { sink: sinkName, line, select } = insert as ReturnType<typeof parseInsert>;
  const sink = tables.find((table) => table.name === sinkName);
  if (!sink) throw new JobError(`INSERT INTO ${sinkName}: the script makes no such table`);
  const sources = tables.filter((table) => table !== sink);
  const [source] = sources;
  if (!source || sources.length > 1) {
    throw new JobError(`the local evaluation reads one source table, the script makes ${sources.length}`);
  }
  check(source, SOURCE, region);
  check(sink, SINK, region);
  const [column] = sink.columns;
  if (sink.columns.length !== 1 || column?.type !== "STRING") {
    throw new JobError(`table ${sink.name} has format raw, which takes one column of type STRING`);
  }
  return {
    stream: required(source, "stream"),
    initialPosition: source.options["scan.stream.initpos"] === "TRIM_HORIZON" ? "TRIM_HORIZON" : "LATEST",
    source,
    select,
    line,
    deliveryStream: required(sink, "delivery-stream"),
  };
}

function check(table: Table, known: Options, region: string): void {
  for (const [option, value] of Object.entries(table.options)) {
    if (!(option in known)) {
      throw new JobError(
        `table ${table.name}: option '${option}' is not known here; known are ${Object.keys(known).join(", ")}`,
      );
    }
    const allowed = known[option];
    if (allowed && !allowed.includes(value)) {
      throw new JobError(`table ${table.name}: '${option}' must be ${allowed.join(" or ")} here, got ${value}`);
    }
  }
  for (const [option, allowed] of Object.entries(known)) {
    // Flink's own default of these is one that the list leaves out, save for the position, whose default is LATEST.
    if (allowed?.length === 1) required(table, option);
  }
  if (required(table, "aws.region") !== region) {
    throw new JobError(
      `table ${table.name}: 'aws.region' is ${table.options["aws.region"]}, but this local AWS is ${region}`,
    );
  }
}

function required(table: Table, option: string): string {
  const value = table.options[option];
  if (!value) throw new JobError(`table ${table.name}: option '${option}' is missing`);
  return value;
}

import { JobError } from "./errors";
import { Reader } from "./tokens";

export type ScalarType = "DOUBLE" | "INT" | "BIGINT" | "STRING" | "BOOLEAN";
export type Type = ScalarType | readonly Column[];
export interface Column {
  readonly name: string;
  readonly type: Type;
}

/** What `CREATE TABLE name (columns) WITH ('option' = 'value')` says. */
export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly options: Readonly<Record<string, string>>;
}

const SCALARS: readonly string[] = ["DOUBLE", "INT", "BIGINT", "STRING", "BOOLEAN"];

/** Reads a CREATE TABLE of Flink SQL. A type or clause beyond columns and options is refused by name, not passed over. */
export function parseTable(sql: string): Table {
  const reader = new Reader(sql);
  reader.expect("CREATE", "TABLE");
  const name = reader.kind("name", "table name");
  reader.expect("(");
  const list = columns(reader, name, ")");
  reader.expect("WITH", "(");
  const options: Record<string, string> = {};
  do {
    const option = reader.kind("string", "option name");
    reader.expect("=");
    options[option] = reader.kind("string", `value of '${option}'`);
  } while (reader.take(","));
  reader.expect(")");
  reader.end();
  return { name, columns: list, options };
}

function columns(reader: Reader, table: string, close: ")" | ">"): Column[] {
  const list: Column[] = [];
  do {
    const name = reader.kind("name", "column name");
    list.push({ name, type: type(reader, `${table}.${name}`) });
  } while (reader.take(","));
  reader.expect(close);
  return list;
}

function type(reader: Reader, where: string): Type {
  const name = reader.kind("name", `type of ${where}`).toUpperCase();
  if (name === "ROW") {
    reader.expect("<");
    return columns(reader, where, ">");
  }
  if (!SCALARS.includes(name)) {
    throw new JobError(
      `column ${where} has type ${name}; the local evaluation knows ${SCALARS.join(", ")} and ROW<...>`,
    );
  }
  return name as ScalarType;
}

import { javaDouble } from "../../java-double";
import { JobError } from "./errors";
import type { ScalarType } from "./table";
import { Reader } from "./tokens";

/** A piece of the line: fixed text, or a column's text with what stands for NULL. */
export type Piece = { readonly text: string } | { readonly column: string; readonly whenNull: string };

export interface Insert {
  readonly sink: string;
  readonly line: readonly Piece[];
  readonly select: string;
}

const FORM = "INSERT INTO sink SELECT piece || piece ... FROM (SELECT ...)";

/**
 * Reads the statement that makes lines of rows. A piece is a literal, `CHR(n)`, or `COALESCE(CAST(column AS STRING), 'literal')`:
 * what stands for NULL must be said, since one NULL makes the whole line NULL.
 */
export function parseInsert(sql: string): Insert {
  const reader = new Reader(sql);
  reader.expect("INSERT", "INTO");
  const sink = reader.kind("name", "table name");
  reader.expect("SELECT");
  const line: Piece[] = [];
  do line.push(piece(reader));
  while (reader.take("||"));
  reader.expect("FROM");
  const from = reader.next("(");
  if (from.text !== "(") throw new JobError(`the local evaluation knows ${FORM}; this reads FROM ${from.text}`);
  let depth = 1;
  let last = from;
  while (depth > 0) {
    last = reader.next(")");
    if (last.kind === "symbol") depth += last.text === "(" ? 1 : last.text === ")" ? -1 : 0;
  }
  if (reader.take("AS") || reader.peek()) reader.kind("name", "name of the subquery");
  reader.end();
  return { sink, line, select: sql.slice(from.end, last.start).trim() };
}

function piece(reader: Reader): Piece {
  const token = reader.next("a piece of the line");
  if (token.kind === "string") return { text: token.text };
  const name = token.text.toUpperCase();
  if (name === "CHR") {
    reader.expect("(");
    const code = Number(reader.kind("number", "character code"));
    reader.expect(")");
    return { text: String.fromCharCode(code) };
  }
  if (name === "COALESCE") {
    reader.expect("(", "CAST", "(");
    const column = reader.kind("name", "column");
    reader.expect("AS", "STRING", ")", ",");
    const whenNull = reader.kind("string", "literal for NULL");
    reader.expect(")");
    return { column, whenNull };
  }
  throw new JobError(
    `a line is made of 'literals', CHR(n) and COALESCE(CAST(column AS STRING), 'literal'), got ${token.text}`,
  );
}

/** The text of one row. `types` are the types of the SELECT's columns. */
export function lineOf(
  line: readonly Piece[],
  row: Readonly<Record<string, unknown>>,
  types: Readonly<Record<string, ScalarType>>,
): string {
  return line
    .map((piece) => {
      if ("text" in piece) return piece.text;
      const value = row[piece.column];
      if (value === null || value === undefined) return piece.whenNull;
      return types[piece.column] === "DOUBLE" ? javaDouble(value as number) : castText(value);
    })
    .join("");
}

/** CAST(... AS STRING) of what is not a DOUBLE. BOOLEAN is upper case in Flink SQL. */
function castText(value: unknown): string {
  return typeof value === "boolean" ? String(value).toUpperCase() : String(value);
}

import { isUtf8 } from "node:buffer";
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { SqlError } from "../errors";
import { quoteName } from "../sql/tokens";
import { type ColumnType, engineType } from "../sql/types";
import { describeType, type FieldError, type FieldValue, type Parser, parserFor } from "./fields";
import { type ObjectStore, sourceFiles } from "./files";
import type { CopyStatement } from "./options";
import { type Field, type FileRecord, readRecords } from "./records";

export interface LoadColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly notNull: boolean;
}

/** One line that could not be loaded: a row of sys_load_error_detail. */
export interface LoadError {
  readonly file: string;
  readonly line: number;
  readonly column: string;
  readonly type: string;
  readonly length: string;
  readonly position: number;
  readonly code: number;
  readonly reason: string;
  readonly rawLine: string;
  readonly rawField: string;
}

export interface LoadOutcome {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  /** Lines passed over under MAXERROR. */
  readonly errors: readonly LoadError[];
}

/** COPY met as many bad lines as it may, or more: nothing is loaded. */
export class LoadFailed extends SqlError {
  constructor(
    table: string,
    readonly errors: readonly LoadError[],
  ) {
    const first = errors[0]!;
    super(
      `Load into table '${table}' failed. Check 'sys_load_error_detail' system table for details: ` +
        `${first.file} line ${first.line}${first.column ? `, column ${first.column}` : ""}: ${first.reason}`,
    );
  }
}

/** Rows handed to the engine at once; also its own vector size. */
const CHUNK_ROWS = 2048;

/** Loads every file of a COPY on the caller's connection, in the caller's transaction: all of it or, by the error, nothing. */
export async function load(
  connection: DuckDBConnection,
  store: ObjectStore,
  copy: CopyStatement,
  columns: readonly LoadColumn[],
  target: string,
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const staging = new Staging(connection, columns);
  const errors: LoadError[] = [];
  let files = 0;
  let bytes = 0;
  const readers = columns.map((column) => new ColumnReader(column, copy));
  await staging.open();
  try {
    for await (const file of sourceFiles(store, copy)) {
      files++;
      bytes += file.content.length;
      const valid = isUtf8(file.content);
      for (const record of readRecords(file.content.toString("utf8"), copy)) {
        const bad = readRow(record, readers, copy, valid, staging.row);
        if (bad) {
          errors.push({ file: file.url, line: record.line, rawLine: record.raw().slice(0, 1024), ...bad });
          if (errors.length >= Math.max(copy.maxErrors, 1)) throw new LoadFailed(copy.table.name, errors);
        } else if (staging.push()) {
          // A large load must not keep the rest of the process waiting.
          await new Promise(setImmediate);
          if (signal.aborted) throw new SqlError("Query cancelled on user's request", "57014");
        }
      }
    }
    const rows = copy.noLoad ? 0 : await staging.insertInto(target);
    return { rows, files, bytes, errors };
  } finally {
    await staging.close();
  }
}

type BadField = Pick<LoadError, "column" | "type" | "length" | "position" | "code" | "reason" | "rawField">;

const NO_COLUMN = { column: "", type: "", length: "", position: 0, rawField: "" };

/** Fills `row`, or says what is wrong with the record. */
function readRow(
  record: FileRecord,
  readers: readonly ColumnReader[],
  copy: CopyStatement,
  validUtf8: boolean,
  row: FieldValue[],
): BadField | undefined {
  if (record.error) return { ...NO_COLUMN, ...record.error };
  const { fields } = record;
  for (let i = 0; i < readers.length; i++) {
    const reader = readers[i]!;
    const field = fields[i];
    // Redshift looks for the field's end before it looks at the field: a wrong delimiter is told as such, not as a bad value.
    if (i === fields.length - 1 && fields.length < readers.length && !copy.fillRecord) {
      return reader.bad({ code: 1214, reason: "Delimiter not found", position: field!.text.length }, field!.text);
    }
    if (field === undefined) {
      row[i] = null;
      if (reader.column.notNull) return reader.missing();
      continue;
    }
    if (!validUtf8 && field.text.includes("\ufffd")) {
      if (copy.acceptInvalidCharacters === undefined) {
        const position = field.text.indexOf("\ufffd");
        return reader.bad(
          { code: 1220, reason: "String contains invalid or unsupported UTF8 codepoints", position },
          field.text,
        );
      }
      const replaced = { text: field.text.replaceAll("\ufffd", copy.acceptInvalidCharacters), quoted: field.quoted };
      const bad = reader.read(replaced, row, i);
      if (bad) return bad;
      continue;
    }
    const bad = reader.read(field, row, i);
    if (bad) return bad;
  }
  if (fields.length > readers.length) return { ...NO_COLUMN, code: 1202, reason: "Extra column(s) found" };
  return undefined;
}

/** Turns the fields of one column into values; NULL rules by https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html */
class ColumnReader {
  private readonly parse: Parser;
  private readonly character: boolean;

  constructor(
    readonly column: LoadColumn,
    private readonly copy: CopyStatement,
  ) {
    this.parse = parserFor(column.type, copy);
    this.character = column.type.kind === "varchar" || column.type.kind === "bpchar";
  }

  read(field: Field, row: FieldValue[], at: number): BadField | undefined {
    if (this.isNull(field)) {
      row[at] = null;
      return this.column.notNull ? this.missing() : undefined;
    }
    const text = this.character && this.copy.trimBlanks ? field.text.trimEnd() : field.text;
    const parsed = this.parse(text);
    if ("code" in parsed) return this.bad(parsed, field.text);
    row[at] = parsed.value;
    return undefined;
  }

  private isNull({ text, quoted }: Field): boolean {
    if (text === this.copy.nullAs && !quoted) return true;
    if (!this.character) return text.trim() === "";
    if (text === "") return this.copy.emptyAsNull || this.copy.nullAs === "";
    return this.copy.blanksAsNull && text.trim() === "";
  }

  missing(): BadField {
    return this.bad({ code: 1213, reason: "Missing data for not-null field", position: 0 }, "");
  }

  bad(error: FieldError, raw: string): BadField {
    const { name, length } = describeType(this.column.type);
    return { column: this.column.name, type: name, length, ...error, rawField: raw.slice(0, 1024) };
  }
}

const STAGED: Partial<Record<ColumnType["kind"], DuckDBType>> = {
  int2: INTEGER,
  int4: INTEGER,
  int8: BIGINT,
  float4: DOUBLE,
  float8: DOUBLE,
  bool: BOOLEAN,
};

let stagings = 0;

/** A temporary table that takes rows as fast as the engine can; the target gets them in one INSERT, so that its defaults apply. */
class Staging {
  /** The row that `push` takes. */
  readonly row: FieldValue[];
  private readonly name = `redstream_copy_${++stagings}`;
  private readonly types: DuckDBType[];
  private values: FieldValue[][];
  private filled = 0;
  private appender: Awaited<ReturnType<DuckDBConnection["createAppender"]>> | undefined;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly columns: readonly LoadColumn[],
  ) {
    this.row = new Array<FieldValue>(columns.length).fill(null);
    this.types = columns.map((column) => STAGED[column.type.kind] ?? VARCHAR);
    this.values = columns.map(() => []);
  }

  async open(): Promise<void> {
    const columns = this.types.map((type, i) => `c${i} ${type}`).join(", ");
    await this.connection.run(`CREATE TEMP TABLE ${this.name} (${columns})`);
    this.appender = await this.connection.createAppender(this.name, "main", "temp");
  }

  /** True when a chunk went to the engine. */
  push(): boolean {
    for (let i = 0; i < this.row.length; i++) this.values[i]!.push(this.row[i]!);
    if (++this.filled < CHUNK_ROWS) return false;
    this.flush();
    return true;
  }

  private flush(): void {
    if (this.filled === 0) return;
    const chunk = DuckDBDataChunk.create(this.types, this.filled);
    chunk.setColumns(this.values);
    this.appender!.appendDataChunk(chunk);
    this.values = this.columns.map(() => []);
    this.filled = 0;
  }

  async insertInto(target: string): Promise<number> {
    this.flush();
    this.appender!.closeSync();
    this.appender = undefined;
    const names = this.columns.map((column) => quoteName(column.name)).join(", ");
    const values = this.columns.map((column, i) => `CAST(c${i} AS ${engineType(column.type)})`).join(", ");
    const result = await this.connection.run(
      `INSERT INTO ${target} (${names}) SELECT ${values} FROM temp.main.${this.name}`,
    );
    return result.rowsChanged;
  }

  /** The transaction may already be lost; then so is the table. */
  async close(): Promise<void> {
    try {
      this.appender?.closeSync();
      await this.connection.run(`DROP TABLE IF EXISTS temp.main.${this.name}`);
    } catch {}
  }
}

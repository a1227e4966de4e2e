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
import { JsonReader, type JsonRecord, jsonMapping } from "./json";
import type { CopyStatement } from "./options";
import { parquetRows } from "./parquet";
import { pieces } from "./pieces";
import { type Field, type FileRecord, RecordReader } from "./records";

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
  /** Folder for what must be a file to be read. */
  scratch: string,
): Promise<LoadOutcome> {
  const staging = new Staging(connection, columns);
  const errors: LoadError[] = [];
  let files = 0;
  let bytes = 0;
  const readers = columns.map((column) => new ColumnReader(column, copy));
  const mapping = copy.json === undefined ? undefined : await jsonMapping(copy.json, store, columns);
  const names = columns.map((column) => column.name);
  const push = async () => {
    if (!staging.push()) return;
    // A large load must not keep the rest of the process waiting.
    await new Promise(setImmediate);
    if (signal.aborted) throw new SqlError("Query cancelled on user's request", "57014");
  };
  await staging.open();
  try {
    for await (const file of sourceFiles(store, copy)) {
      files++;
      bytes += file.content.length;
      if (copy.format === "parquet") {
        for await (const rows of parquetRows(file, columns, scratch)) {
          for (const row of rows) {
            for (let i = 0; i < row.length; i++) staging.row[i] = row[i]!;
            await push();
          }
        }
        continue;
      }
      const reader = mapping ? new JsonReader(mapping, names) : new RecordReader(copy);
      for await (const { text, valid, final } of pieces(file, copy)) {
        for (const record of reader.read(reader.rest + text, final)) {
          const bad =
            tooLong(record) ??
            (mapping === undefined
              ? readRow(record as FileRecord, readers, copy, valid, staging.row)
              : readDocument(record as JsonRecord, readers, valid, staging.row));
          if (!bad) {
            await push();
            continue;
          }
          errors.push({ file: file.url, line: record.line, rawLine: record.raw().slice(0, 1024), ...bad });
          if (errors.length >= Math.max(copy.maxErrors, 1)) throw new LoadFailed(copy.table.name, errors);
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

/** "The maximum size of a single input row from any source is 4 MB": https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html */
const MAX_ROW_BYTES = 4 * 1024 * 1024;

function tooLong(record: FileRecord | JsonRecord): BadField | undefined {
  // A UTF-16 unit is at most three bytes, so most records need not be counted.
  if (record.size * 3 <= MAX_ROW_BYTES) return undefined;
  const bytes = Buffer.byteLength(record.raw());
  if (bytes <= MAX_ROW_BYTES) return undefined;
  return { ...NO_COLUMN, code: 1216, reason: `Input line is too long: ${bytes} bytes, at most ${MAX_ROW_BYTES}` };
}

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
    const bad = validUtf8 ? reader.read(field, row, i) : reader.readSuspect(field, row, i);
    if (bad) return bad;
  }
  if (fields.length > readers.length) return { ...NO_COLUMN, code: 1202, reason: "Extra column(s) found" };
  return undefined;
}

/** Fills `row` from a JSON document: what it has not is NULL, and so is its null. */
function readDocument(
  record: JsonRecord,
  readers: readonly ColumnReader[],
  validUtf8: boolean,
  row: FieldValue[],
): BadField | undefined {
  if (record.error) return { ...NO_COLUMN, ...record.error };
  for (let i = 0; i < readers.length; i++) {
    const reader = readers[i]!;
    const field = record.fields[i];
    if (field === undefined || field === null) {
      row[i] = null;
      if (reader.column.notNull) return reader.missing();
      continue;
    }
    const bad = validUtf8 ? reader.read(field, row, i) : reader.readSuspect(field, row, i);
    if (bad) return bad;
  }
  return undefined;
}

/** Turns the fields of one column into values; NULL rules by https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html */
class ColumnReader {
  private readonly parse: Parser;
  private readonly character: boolean;
  private readonly isSuper: boolean;

  constructor(
    readonly column: LoadColumn,
    private readonly copy: CopyStatement,
  ) {
    this.parse = parserFor(column.type, copy);
    this.character = column.type.kind === "varchar" || column.type.kind === "bpchar";
    this.isSuper = column.type.kind === "super";
  }

  read(field: Field, row: FieldValue[], at: number): BadField | undefined {
    if (this.isNull(field)) {
      row[at] = null;
      return this.column.notNull ? this.missing() : undefined;
    }
    const own = this.isSuper && field.json !== undefined ? field.json : field.text;
    const text = this.character && this.copy.trimBlanks ? own.trimEnd() : own;
    const parsed = this.parse(text);
    if ("code" in parsed) return this.bad(parsed, field.text);
    row[at] = parsed.value;
    return undefined;
  }

  /** A field of a piece with bytes that are no UTF-8; U+FFFD stands for them. */
  readSuspect(field: Field, row: FieldValue[], at: number): BadField | undefined {
    const position = field.text.indexOf("\ufffd");
    if (position < 0) return this.read(field, row, at);
    const by = this.copy.acceptInvalidCharacters;
    if (by === undefined) {
      return this.bad(
        { code: 1220, reason: "String contains invalid or unsupported UTF8 codepoints", position },
        field.text,
      );
    }
    const json = field.json === undefined ? {} : { json: field.json.replaceAll("\ufffd", by) };
    return this.read({ text: field.text.replaceAll("\ufffd", by), quoted: field.quoted, ...json }, row, at);
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

function stagedValue(staged: string, type: ColumnType): string {
  const source = type.kind === "super" ? `CAST(${staged} AS JSON)` : staged;
  return `CAST(${source} AS ${engineType(type)})`;
}

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
    const values = this.columns.map((column, i) => stagedValue(`c${i}`, column.type)).join(", ");
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

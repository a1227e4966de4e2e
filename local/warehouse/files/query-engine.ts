import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { translate } from "../errors";
import { quoteName, quoteString } from "../sql/tokens";

/** How the lines or columns of a table's files are read. */
export type FileFormat =
  | { readonly kind: "json" }
  /** @default delimiter `,`, quote `"`, no header */
  | { readonly kind: "csv"; readonly delimiter?: string; readonly quote?: string; readonly headerLines?: number }
  | { readonly kind: "parquet" };

export interface FileTable {
  /** Names without a schema; any text. */
  readonly name: string;
  readonly format: FileFormat;
  /** In order, with the engine's types (`VARCHAR`, `DOUBLE`, `BIGINT`, `STRUCT(a INTEGER)` ...). Parquet takes them by name, JSON too, CSV by position. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Files inside the engine's folder; `.gz` is taken as GZIP. None gives an empty table. */
  readonly files: readonly string[];
}

/**
 * A DuckDB in memory that can read the files under one folder, and nothing else: no other file, no network, no extension.
 * What asks it (Athena over a bucket's objects) puts the objects into the folder, names them as tables and runs its SELECT.
 *
 * ```ts
 * const engine = await FileQueries.open(folder);
 * await engine.table({ name: "raw", format: { kind: "json" }, columns, files });
 * const reader = await engine.connection.runAndReadAll("SELECT count(*) FROM raw");
 * engine.close();
 * ```
 */
export class FileQueries {
  private constructor(
    readonly folder: string,
    /** The engine's own connection, for SELECTs and macros. */
    readonly connection: DuckDBConnection,
    private readonly instance: DuckDBInstance,
  ) {}

  static async open(folder: string): Promise<FileQueries> {
    const home = resolve(folder);
    mkdirSync(home, { recursive: true });
    const instance = await DuckDBInstance.create(":memory:", {
      threads: "2",
      autoload_known_extensions: "false",
      autoinstall_known_extensions: "false",
    });
    const connection = await instance.connect();
    await connection.run("SET GLOBAL TimeZone = 'UTC'");
    await connection.run(`SET allowed_directories = [${quoteString(home)}]`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    return new FileQueries(home, connection, instance);
  }

  /** Makes or replaces a view over files. Lines that do not fit the columns fail the query that reads them. @throws SqlError */
  async table({ name, format, columns, files }: FileTable): Promise<void> {
    const empty = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteName(column.name)}`).join(", ");
    const source = files.length === 0 ? `SELECT ${empty} WHERE false` : select(format, columns, files);
    try {
      await this.connection.run(`CREATE OR REPLACE VIEW ${quoteName(name)} AS ${source}`);
    } catch (error) {
      throw translate(error);
    }
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

function select(format: FileFormat, columns: FileTable["columns"], files: readonly string[]): string {
  const paths = `[${files.map((file) => quoteString(resolve(file))).join(", ")}]`;
  const typed = `{${columns.map(({ name, type }) => `${quoteString(name)}: ${quoteString(type)}`).join(", ")}}`;
  switch (format.kind) {
    case "json":
      return `SELECT * FROM read_json(${paths}, format = 'newline_delimited', columns = ${typed})`;
    case "csv": {
      const { delimiter = ",", quote = '"', headerLines = 0 } = format;
      const options = `delim = ${quoteString(delimiter)}, quote = ${quoteString(quote)}, escape = ${quoteString(quote)}, header = false, skip = ${headerLines}, auto_detect = false, null_padding = true`;
      return `SELECT * FROM read_csv(${paths}, columns = ${typed}, ${options})`;
    }
    case "parquet": {
      const chosen = columns
        .map(({ name, type }) => `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`)
        .join(", ");
      return `SELECT ${chosen} FROM read_parquet(${paths}, union_by_name = true)`;
    }
  }
}

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Clock } from "../../clock";
import type { Encoded, Encoder } from "./encode";
import type { ErrorLog } from "./error-log";
import { type Column, duckdbType, parseHiveType } from "./hive-type";
import { parseJson, splitDocuments } from "./json-text";
import { type Catalog, codeOf, messageOf } from "./ports";
import type { Misfit, Piece } from "./records";
import { Mismatch, rowOf } from "./row";

export interface ConversionConfig {
  readonly roleArn: string;
  readonly database: string;
  readonly table: string;
  readonly compression: string;
}

/** Lines gathered before they are written to the file. */
const CHUNK_BYTES = 1 << 20;
const MALFORMED = "DataFormatConversion.MalformedData";

/**
 * JSON records as a Parquet file with the columns of a Glue table. Records are checked one by one here, so that one that does not fit
 * does not stop the others; DuckDB writes the file.
 * https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
 */
export class Parquet implements Encoder {
  readonly extension = ".parquet";

  constructor(
    private readonly config: ConversionConfig,
    private readonly catalog: Catalog,
    /** For files that live as long as one conversion. */
    private readonly folder: string,
    private readonly clock: Clock,
    private readonly log: ErrorLog,
    private readonly onRetry: () => void,
  ) {}

  async encode(pieces: readonly Piece[], signal: AbortSignal): Promise<Encoded> {
    const columns = await this.columns(signal);
    if (typeof columns === "string") return allMisfit(pieces, "DataFormatConversion.InvalidSchema", columns);
    const name = join(this.folder, randomUUID());
    try {
      const { records, misfits } = await this.writeLines(`${name}.json`, columns, pieces);
      if (records === 0) return { body: undefined, records, misfits };
      await this.convert(`${name}.json`, `${name}.parquet`, columns);
      return { body: await readFile(`${name}.parquet`), records, misfits };
    } finally {
      await Promise.all([".json", ".parquet"].map((ending) => rm(name + ending, { force: true })));
    }
  }

  /** The table's columns; waits for a table that cannot be read, as Firehose does. Text when they cannot be carried. */
  private async columns(signal: AbortSignal): Promise<readonly Column[] | string> {
    const { database, table } = this.config;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        const columns = await this.catalog.columns(database, table);
        if (columns.length === 0) return `The table ${database}.${table} has no columns`;
        return readColumns(columns);
      } catch (error) {
        const destination = `arn:aws:glue:::table/${database}/${table}`;
        if (attempt === 1) await this.log.write({ errorCode: glueCode(error), message: messageOf(error), destination });
        this.onRetry();
        await this.clock.sleep(Math.min(2 ** (attempt - 1), 60), signal);
      }
    }
  }

  private async writeLines(path: string, columns: readonly Column[], pieces: readonly Piece[]) {
    await mkdir(this.folder, { recursive: true });
    const file = await open(path, "w");
    const misfits: Misfit[] = [];
    try {
      let chunk = "";
      for (const piece of pieces) {
        const lines = linesOf(columns, piece);
        if (typeof lines !== "string") {
          misfits.push(lines);
          continue;
        }
        chunk += lines;
        if (chunk.length >= CHUNK_BYTES) {
          await file.write(chunk);
          chunk = "";
        }
      }
      await file.write(chunk);
    } finally {
      await file.close();
    }
    return { records: pieces.length - misfits.length, misfits };
  }

  /** A database of its own for each file: nothing stays in memory between two. */
  private async convert(from: string, to: string, columns: readonly Column[]): Promise<void> {
    const database = await DuckDBInstance.create(":memory:", { threads: "1" });
    try {
      const session = await database.connect();
      const types = columns.map(({ name, type }) => `${quote(name)}: ${quote(duckdbType(type))}`).join(", ");
      // A record of 1,000 KiB may grow by escapes; DuckDB's own limit of an object is 16 MB.
      const source = `read_json(${quote(from)}, format = 'newline_delimited', columns = {${types}})`;
      await session.run(
        `COPY (SELECT * FROM ${source}) TO ${quote(to)} (FORMAT parquet, COMPRESSION ${quote(this.config.compression)})`,
      );
      session.closeSync();
    } finally {
      database.closeSync();
    }
  }
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;

function readColumns(columns: readonly { readonly Name: string; readonly Type: string }[]): Column[] | string {
  try {
    return columns.map(({ Name, Type }) => ({ name: Name, type: parseHiveType(Type) }));
  } catch (error) {
    return messageOf(error);
  }
}

/** The rows of one record, a line each. */
function linesOf(columns: readonly Column[], piece: Piece): string | Misfit {
  const text = piece.data.toString("utf8");
  try {
    return splitDocuments(text)
      .map((document) => `${rowOf(columns, parseJson(document))}\n`)
      .join("");
  } catch (error) {
    if (error instanceof Mismatch) {
      return { piece, errorCode: MALFORMED, errorMessage: `Data does not match the schema. ${error.message}` };
    }
    if (error instanceof SyntaxError) {
      return { piece, errorCode: "DataFormatConversion.ParseError", errorMessage: "Encountered malformed JSON." };
    }
    throw error;
  }
}

const allMisfit = (pieces: readonly Piece[], errorCode: string, errorMessage: string): Encoded => ({
  body: undefined,
  records: 0,
  misfits: pieces.map((piece) => ({ piece, errorCode, errorMessage })),
});

const glueCode = (error: unknown) => {
  const code = codeOf(error);
  return `DataFormatConversion.${code === "AccessDeniedException" ? "AccessDenied" : code}`;
};

import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { ClientConfig, LocalAws } from "../../gateway/types";
import { NotCarried } from "../../lake/errors";
import { readTable } from "../../lake/glue-table";
import { loadTable } from "../../lake/load-table";
import { sourcesOf } from "../../lake/objects";
import { projectionOf } from "../../lake/projection";
import {
  type Lake,
  type LakeRequest,
  type LakeRows,
  notCarried,
  quoteName,
  quoteString,
  SqlError,
} from "../../warehouse";
import { actingAs } from "./roles";

/**
 * What external tables are read through: the table's definition in Glue and its files in S3, both with the rights of the schema's role, as Redshift Spectrum does:
 * https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-iam-policies.html
 */
export function glueLake(aws: LocalAws): Lake {
  return {
    async open(request) {
      const { schema, credentials, reader, scratch } = request;
      if (schema.region !== null && schema.region !== aws.region)
        throw notCarried(
          `REGION '${schema.region}' of external schema ${schema.name}: the warehouse is in ${aws.region}, another Region`,
        );
      const folder = resolve(join(scratch, `lake-${randomUUID()}`));
      await mkdir(folder, { recursive: true });
      const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
      const connection = await instance.connect();
      const close = async () => {
        connection.closeSync();
        instance.closeSync();
        await rm(folder, { recursive: true, force: true });
      };
      try {
        await connection.run(`SET allowed_directories = [${quoteString(folder)}]`);
        await connection.run("SET enable_external_access = false");
        const from = await read(connection, actingAs(aws, credentials, reader), request, {
          folder,
          now: aws.clock.now(),
        });
        return { ...(await rowsOf(connection, from)), close };
      } catch (error) {
        await close();
        throw unreadable(request, error);
      }
    },
  };
}

interface Place {
  readonly folder: string;
  readonly now: Date;
}

/** Fills a table with what the files hold; answers its name. */
async function read(
  connection: DuckDBConnection,
  config: ClientConfig,
  { schema, table: name, names }: LakeRequest,
  { folder, now }: Place,
): Promise<string> {
  const table = await readTable(config, schema.database, name);
  if (table.partitionKeys.length > 0) {
    // Projection is Athena's alone: https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
    throw new NotCarried(
      "a partitioned external table (Redshift knows the partitions that are registered, and none by projection)",
    );
  }
  const s3 = new S3Client(config);
  try {
    const sources = await sourcesOf(s3, projectionOf({ ...table, parameters: {} }, now));
    await connection.run(`CREATE SCHEMA ${quoteName(table.database)}`);
    const loading = { s3, scratch: folder, scan: { bytes: 0, objects: 0 }, mayRead: () => undefined };
    await loadTable(connection, table, names, sources, loading);
    return `${quoteName(table.database)}.${quoteName(table.name)}`;
  } finally {
    s3.destroy();
  }
}

async function rowsOf(connection: DuckDBConnection, table: string): Promise<Omit<LakeRows, "close">> {
  const described = await connection.runAndReadAll(`DESCRIBE ${table}`);
  return {
    columns: described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) })),
    async *chunks() {
      const result = await connection.stream(`SELECT * FROM ${table}`);
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
        yield chunk;
    },
  };
}

/** The words are ours: Redshift's for a failed scan are not documented. */
function unreadable({ schema, table }: LakeRequest, error: unknown): Error {
  if (error instanceof SqlError) return error;
  if (error instanceof NotCarried) return notCarried(error.what);
  const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
  if (/^TABLE_NOT_FOUND/.test(String(why)))
    return new SqlError(
      `relation "${schema.name}.${table}" does not exist in the data catalog's database ${schema.database}`,
      "42P01",
    );
  return new SqlError(`external table ${schema.name}.${table} cannot be read: ${why}`, "58000");
}

import type { DuckDBConnection } from "@duckdb/node-api";
import { HIDDEN, rows } from "../access/catalogue";
import type { LakeSchema } from "./source";

/** What is kept of external schemas over a data catalog. Tables are the catalog's: none is kept. */
export const LAKE_TABLES = `
CREATE TABLE IF NOT EXISTS ${HIDDEN}.lake_schemas (name VARCHAR, database_name VARCHAR, region VARCHAR, role VARCHAR);
`;

export const lakeCatalogue = {
  async schema(connection: DuckDBConnection, name: string): Promise<LakeSchema | undefined> {
    const [row] = await rows(
      connection,
      `SELECT name, database_name, region, role FROM ${HIDDEN}.lake_schemas WHERE name = $1`,
      name,
    );
    if (!row) return undefined;
    const [found, database, region, role] = row as [string, string, string | null, string];
    return { name: found, database, region: region ?? null, role };
  },

  async addSchema(connection: DuckDBConnection, { name, database, region, role }: LakeSchema): Promise<void> {
    await connection.run(`INSERT INTO ${HIDDEN}.lake_schemas VALUES ($1, $2, $3, $4)`, [name, database, region, role]);
  },

  async dropSchema(connection: DuckDBConnection, name: string): Promise<void> {
    await connection.run(`DELETE FROM ${HIDDEN}.lake_schemas WHERE name = $1`, [name]);
  },
};

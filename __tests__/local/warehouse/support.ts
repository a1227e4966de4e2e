import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  type CopyCredentials,
  type ObjectStore,
  type ObjectStores,
  type Session,
  SqlError,
  type Warehouse,
  Warehouses,
} from "../../../local/warehouse";

/** The objects of one bucket `bucket`; absent keys are missing objects. */
export type Objects = Record<string, string | Buffer>;

/** A warehouse in a folder of its own, with S3 replaced by a record of objects. */
export class Fixture {
  readonly folder = mkdtempSync(join(tmpdir(), "warehouse-"));
  objects: Objects = {};
  /** Who each COPY read as. */
  readonly readers: [CopyCredentials, string][] = [];
  readonly warehouses = new Warehouses(this.folder, this.stores());
  warehouse!: Warehouse;
  admin!: Session;

  async open(): Promise<this> {
    this.warehouse = await this.warehouses.create({
      host: "w.local",
      name: "w",
      port: 5439,
      database: "dev",
      admin: { user: "admin", password: "Secret12345" },
    });
    this.admin = await this.warehouse.login("dev", "admin", "Secret12345");
    return this;
  }

  async user(name: string): Promise<Session> {
    await this.admin.run(`CREATE USER ${name} PASSWORD 'Secret12345'`);
    return this.warehouse.login("dev", name, "Secret12345");
  }

  async close(): Promise<void> {
    await this.warehouses.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private stores(): ObjectStores {
    return (credentials, { user }) => {
      this.readers.push([credentials, user]);
      return this.store();
    };
  }

  private store(): ObjectStore {
    return {
      list: async (_, prefix) =>
        Object.keys(this.objects)
          .filter((key) => key.startsWith(prefix))
          .sort(),
      get: async (_, key) => (this.objects[key] === undefined ? undefined : Buffer.from(this.objects[key])),
    };
  }
}

/** `SQLSTATE message` of a statement that must fail. */
export async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SqlError) return `${error.sqlState} ${error.message}`;
    throw error;
  }
  throw new Error("it did not fail");
}

export async function rowsOf(session: Session, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await session.run(sql)).rows;
}

/** A Parquet file with the rows of `query`, made in `folder`. */
export async function parquet(folder: string, query: string): Promise<Buffer> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const path = join(folder, "made.parquet");
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return readFileSync(path);
}

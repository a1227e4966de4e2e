import { readFileSync } from "node:fs";
import * as path from "node:path";
import { withValues } from "../../lambda-src/run-migrations/values";
import { type Session, type Streams, type Warehouse, Warehouses } from "../../local/warehouse";

const ADMIN = { user: "master", password: "Secret12345" };

export interface OpenWarehouse {
  readonly warehouses: Warehouses;
  readonly warehouse: Warehouse;
  /** The administrator's. */
  readonly session: Session;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** A warehouse for the orders, made or opened again: what AUTO REFRESH does begins at once. */
export async function openWarehouse(folder: string, streams: Streams): Promise<OpenWarehouse> {
  const noStores = () => {
    throw new Error("nothing is copied here");
  };
  const warehouses = new Warehouses(path.join(folder, "warehouse"), noStores, { streams });
  const warehouse = await warehouses.create({
    host: "orders",
    name: "orders",
    port: 5439,
    database: "main",
    admin: ADMIN,
  });
  const session = await warehouse.login("main", ADMIN.user, ADMIN.password);
  return { warehouses, warehouse, session, rows: async (sql) => (await session.run(sql)).rows };
}

/** The migrations of sql/orders: its views over a topic. */
export async function migrate({ session }: OpenWarehouse, bootstrap: string, topic: string): Promise<void> {
  for (const name of ["001_create_external_schema", "002_create_orders", "003_create_views"]) {
    const text = readFileSync(path.join("sql", "orders", `${name}.sql`), "utf8");
    await session.run(withValues(`${name}.sql`, text, { bootstrap_servers: bootstrap, topic }));
  }
}

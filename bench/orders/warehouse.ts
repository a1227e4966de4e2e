import { readFileSync } from "node:fs";
import * as path from "node:path";
import { withValues } from "../../lambda-src/run-migrations/values";
import { type Session, type Streams, Warehouses } from "../../local/warehouse";

const ADMIN = { user: "master", password: "Secret12345" };

/** A warehouse with the views of sql/orders over a topic. */
export async function ordersWarehouse(folder: string, streams: Streams, bootstrap: string, topic: string) {
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
  const session: Session = await warehouse.login("main", ADMIN.user, ADMIN.password);
  for (const name of ["001_create_external_schema", "002_create_orders", "003_create_views"]) {
    const text = readFileSync(path.join("sql", "orders", `${name}.sql`), "utf8");
    await session.run(withValues(`${name}.sql`, text, { bootstrap_servers: bootstrap, topic }));
  }
  return { warehouses, session };
}

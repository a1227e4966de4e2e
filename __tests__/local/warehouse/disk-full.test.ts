import { rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Warehouses } from "../../../local/warehouse";
import { translate } from "../../../local/warehouse/errors";
import { temporary } from "../../support/programs";

/** A device of Linux that takes no byte: what the engine says of it are its own words. */
const FULL = "/dev/full";

let folder: string;
beforeEach(() => {
  folder = temporary("disk-full");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

it("a warehouse file that there is no space for is said in one line", async () => {
  const create = DuckDBInstance.create.bind(DuckDBInstance);
  jest.spyOn(DuckDBInstance, "create").mockImplementationOnce(() => create(FULL));
  const warehouses = new Warehouses(folder, { as: () => Promise.reject(new Error("no store")) } as never);
  const admin = { user: "admin", password: "Secret12" };
  const file = path.join(folder, "w", "dev.duckdb");
  await expect(warehouses.create({ host: "w", name: "w", port: 5439, database: "dev", admin })).rejects.toThrow(
    new Error(`no disk space is left for the warehouse file ${file}: free some and start again`),
  );
});

it("a statement that finds the disk full says so as Redshift does", async () => {
  const file = path.join(folder, "w.duckdb");
  const instance = await DuckDBInstance.create(file);
  const session = await instance.connect();
  await session.run("CREATE TABLE laps (speed DOUBLE)");
  await session.run("CHECKPOINT");
  rmSync(`${file}.wal`, { force: true });
  symlinkSync(FULL, `${file}.wal`);
  const failure = await session.run("INSERT INTO laps VALUES (1)").then(() => undefined, translate);
  session.closeSync();
  instance.closeSync();
  expect(failure).toEqual(
    expect.objectContaining({ message: "Disk Full: no space is left for the warehouse's files", sqlState: "53100" }),
  );
});

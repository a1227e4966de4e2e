import type { Deployed } from "../../faults/deployed";
import { listedIn, makeParquetTable, withParquetTable } from "../../faults/parquet-table";
import { readTables } from "../../lambda-src/load/table";
import { Fixture, rowsOf } from "../local/warehouse/support";

const KPIS = { name: "kpis", columns: ["kpi", "value"], copy: { format: "csv" } };
const OF: Deployed = {
  name: "load",
  file: "index.js",
  handler: "handler",
  environment: { BUCKET: "files", TABLES: JSON.stringify([KPIS]) },
  roleArn: "arn:aws:iam::000000000000:role/r",
};

it("a function's allow-list gets one table more, which the loader takes", () => {
  const { environment, ...rest } = withParquetTable(OF);
  const { environment: before, ...same } = OF;
  expect(rest).toEqual(same);
  expect(environment.BUCKET).toBe(before.BUCKET);
  const [kpis, probes, ...others] = readTables(environment.TABLES!);
  expect([kpis, probes!.name, probes!.copy, others]).toEqual([KPIS, "probes", { format: "parquet" }, []]);
});

it("the table is there for who may write the one that it is like, with the same rights and no more", async () => {
  const it_ = await new Fixture().open();
  try {
    await it_.admin.run(
      `create table kpis (kpi varchar(10), value int);
       create user "IAMR:load" password disable; create user reader password disable;
       grant select, insert, delete on kpis to "IAMR:load"; grant select on kpis to reader;`,
    );
    const sql = async (text: string) => {
      const { columns, rows } = await it_.admin.run(text);
      return { columns: columns.map(({ name }) => name), rows: rows as string[][] };
    };
    await makeParquetTable(sql, listedIn(OF)[0]!);
    const { rows } = await sql(
      "SELECT identity_name, privilege_type FROM svv_relation_privileges WHERE relation_name = 'probes' ORDER BY 1, 2",
    );
    // Redshift keeps names in lower case, quoted ones too.
    expect(rows).toEqual([
      ["iamr:load", "DELETE"],
      ["iamr:load", "INSERT"],
      ["iamr:load", "SELECT"],
      ["reader", "SELECT"],
    ]);
    expect(await rowsOf(it_.admin, "select probe, read_at, celsius, readings, source_hour from probes")).toEqual([]);
  } finally {
    await it_.close();
  }
});

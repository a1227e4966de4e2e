import { readdirSync, readFileSync } from "node:fs";
import { Fixture, rowsOf } from "./support";

/** Rows for the tables of a dataset, and what each query for people then shows of them. */
const DATASETS: Readonly<
  Record<string, { readonly rows: string; readonly shown: Readonly<Record<string, unknown[]>> }>
> = {
  events: {
    rows: `INSERT INTO events (request_id, topic, cookie_id, request_timestamp) VALUES
             ('r1', 'page', 'c1', '2026-11-20 08:00:00'), ('r1', 'page', 'c1', '2026-11-20 08:00:00'), ('r2', 'form', 'c2', '2026-11-20 09:00:00');
           INSERT INTO utm (request_id, source, campaign) VALUES ('r1', 'mail', 'autumn'), ('r3', 'mail', 'autumn')`,
    shown: {
      campaigns: [["mail", "autumn", 2, 1]],
      repeats: [["r1", 2]],
      topics: [
        ["page", 2, "2026-11-20 08:00:00", "2026-11-20 08:00:00"],
        ["form", 1, "2026-11-20 09:00:00", "2026-11-20 09:00:00"],
      ],
    },
  },
  kpis: {
    rows: `INSERT INTO page_views (view_id) VALUES ('v1'), ('v2'), ('v2');
           INSERT INTO kpis (kpi, region, value) VALUES ('orders', 'eu', 1), ('orders', 'eu', 3);
           INSERT INTO redstream.loads VALUES
             ('l1', 'public.kpis', 'loaded', '2026-11-20 08:00:00', 2, 20, 2, '2026-11-20 08:05:00'),
             ('l2', 'public.kpis', 'loaded', '2026-11-20 08:00:00', 1, 10, 1, '2026-11-20 08:06:00'),
             ('l3', 'public.kpis', 'abandoned', '2026-11-20 08:00:00', 1, 10, 0, '2026-11-20 08:07:00')`,
    shown: {
      duplicate_views: [["v2", 2]],
      rows_by_hour: [["public.kpis", "2026-11-20 08:00:00", 3, 3, "2026-11-20 08:06:00"]],
      values_by_kpi: [["orders", "eu", 2, 1, 2, 3]],
    },
  },
};

describe.each(Object.keys(DATASETS))("the queries of sql/%s, on the tables that its migrations make", (dataset) => {
  const { rows, shown } = DATASETS[dataset]!;
  const read = (file: string) => readFileSync(`sql/${dataset}/${file}`, "utf8");
  let it_: Fixture;

  beforeAll(async () => {
    it_ = await new Fixture().open();
    // The function that runs migrations makes the schema of its own record first.
    await it_.admin.run("CREATE SCHEMA redstream");
    const migrations = readdirSync(`sql/${dataset}`).filter((name) => /^\d{3}_.*\.sql$/.test(name));
    for (const name of migrations.sort()) await it_.admin.run(read(name));
    await it_.admin.run(rows);
  });
  afterAll(() => it_.close());

  it("are all of these", () => {
    expect(readdirSync(`sql/${dataset}/queries`).sort()).toEqual(Object.keys(shown).map((name) => `${name}.sql`));
  });

  it.each(Object.keys(shown))("%s shows what stands there", async (name) => {
    expect(await rowsOf(it_.admin, read(`queries/${name}.sql`))).toEqual(shown[name]);
  });
});

import { atOnce } from "../../../lambda-src/load/at-once";
import { classify, fileOf, namedIn } from "../../../lambda-src/load/classify";
import { readLoadEnv } from "../../../lambda-src/load/config";
import { compareSequencers, hourOfKey, type LoadableObject } from "../../../lambda-src/load/object";
import { COPY_STATEMENT, stagingOf } from "../../../lambda-src/load/sql";
import { isColumnar, type LoadTable, readTables, tableProblems } from "../../../lambda-src/load/table";
import { KPIS } from "./world";

const file = (key: string): LoadableObject => ({ bucket: "b", key, version: "v", bytes: 1, table: "kpis", hour: "" });

describe("the hour of a key", () => {
  it.each([
    ["kpis/2026/11/21/08/a.csv", "2026-11-21T08"],
    ["kpis/year=2026/month=11/day=21/hour=08/a.csv", "2026-11-21T08"],
    ["kpis/2026/02/30/08/a.csv", undefined],
    ["kpis/2026/11/21/24/a.csv", undefined],
    ["kpis/2026/11/21/a.csv", undefined],
    ["kpis/x/2026/11/21/08/a.csv", undefined],
    ["kpis/a.csv", undefined],
    ["a.csv", undefined],
  ])("of %s is %s", (key, hour) => {
    expect(hourOfKey(key)).toBe(hour);
  });
});

describe("sequencers", () => {
  it.each([
    ["0055", "0056", -1],
    ["0056", "0055", 1],
    ["00AB", "00ab", 0],
    ["005", "0050", 0],
    ["006", "00599", 1],
  ])("%s against %s is %s: the shorter is padded on the right", (one, other, order) => {
    expect(compareSequencers(one, other)).toBe(order);
  });

  it("say nothing when one is missing, as in a listing", () => {
    expect(compareSequencers(undefined, "0055")).toBeUndefined();
  });
});

describe("a failed COPY is taken for", () => {
  it.each([
    ["unable", "ERROR: permission denied for relation kpis"],
    ["unable", 'ERROR: relation "kpis" does not exist'],
    ["unable", "ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied"],
    ["unable", "ERROR: 1023 DETAIL: Serializable isolation violation on table - 100112"],
    ["unable", "Spectrum Scan Error. DETAIL: S3 error SlowDown, Please reduce your request rate"],
    ["unable", "ERROR: Query cancelled on user's request"],
    ["bad", "ERROR: Load into table 'redstream_stage' failed. Check 'sys_load_error_detail' system table for details."],
    ["bad", "ERROR: Spectrum Scan Error. File 'https://s3/x' has an incompatible Parquet schema for column 'a'"],
    ["bad", "ERROR: unexpected end of file while reading gzip"],
    [
      "bad",
      "ERROR: Spectrum Scan Error. File 'https://s3/x' has an incompatible Parquet schema for column 'network'. Column type: INT",
    ],
    [
      "bad",
      "ERROR: Spectrum Scan Error code: 15007 context: The length of the data column expired_at is longer than the length defined in the table. Table: 30, Data: 40",
    ],
    ["bad", "ERROR: Spectrum Scan Error code: 15007 context: Unmatched number of columns between table and file."],
    ["bad", "ERROR: Spectrum Scan Error. Numeric data overflow (result precision)"],
    ["unknown", "ERROR: Assert"],
  ])("%s: %s", (kind, message) => {
    expect(classify(message, [])).toBe(kind);
  });

  it("what it says, not what the files are called", () => {
    const files = [file("kpis/connection timeout.csv")];
    expect(classify("ERROR: gzip: bad block in s3://b/kpis/connection timeout.csv", files)).toBe("bad");
  });
});

describe("the file that an error is about", () => {
  const error = (name: string) => ({ file: name, text: "x" });
  it("is the one of that name, however the view pads it", () => {
    expect(fileOf(error("s3://b/kpis/a.csv   "), [file("kpis/a.csv"), file("kpis/a.csv2")])?.key).toBe("kpis/a.csv");
  });

  it("is found by a name that is cut off at 256 characters, if it can be one alone", () => {
    const long = `kpis/${"x".repeat(300)}`;
    const cut = `s3://b/${long}`.slice(0, 256);
    expect(fileOf(error(cut), [file(`${long}1`), file("kpis/a")])?.key).toBe(`${long}1`);
    expect(fileOf(error(cut), [file(`${long}1`), file(`${long}2`)])).toBeUndefined();
  });

  it("is the one that the message names, if that is one", () => {
    const files = [file("kpis/a"), file("kpis/a.csv"), file("kpis/b.csv")];
    expect(namedIn("bad s3://b/kpis/a.csv, sorry", files)?.key).toBe("kpis/a.csv");
    expect(namedIn("bad s3://b/kpis/a.csv and s3://b/kpis/b.csv", files)).toBeUndefined();
    expect(namedIn("bad", files)).toBeUndefined();
  });

  it.each([
    "https://s3.us-east-1.amazonaws.com/b/kpis/a.parquet",
    "https://b.s3.us-east-1.amazonaws.com/kpis/a.parquet",
    "s3://b/kpis/a.parquet",
  ])("is found by its address: %s", (address) => {
    const message = `Spectrum Scan Error. File '${address}' has an incompatible Parquet schema for column 'value'`;
    expect(namedIn(message, [file("kpis/a.parquet"), file("kpis/b.parquet")])?.key).toBe("kpis/a.parquet");
  });
});

describe("the allow-list", () => {
  const problems = (change: Partial<LoadTable>) => tableProblems([{ ...KPIS, ...change }]);
  it("is well as the example has it", () => {
    expect(tableProblems([KPIS])).toEqual([]);
    expect(readTables(JSON.stringify([KPIS]))).toEqual([KPIS]);
  });

  it.each<[string, Partial<LoadTable>, string]>([
    [
      "a name in capitals",
      { name: "Kpis" },
      'table Kpis: name must be 1 to 127 lower-case letters, digits and underscores, not a digit first, got "Kpis"',
    ],
    ["no columns", { columns: [] }, "table kpis: columns must name at least one column, got an empty list"],
    ["a column twice", { columns: ["day", "day"] }, "table kpis: columns names day twice"],
    [
      "a key that files do not fill",
      { dedupKey: ["id"] },
      "table kpis: dedupKey id is not among its columns day, value",
    ],
    ["an empty key", { dedupKey: [] }, "table kpis: dedupKey must name at least one column, or be left out"],
    [
      "an order without a key",
      { dedupOrder: ["day"] },
      "table kpis: dedupOrder is of use with dedupKey only; leave it out",
    ],
    [
      "an hour that files fill",
      { hourColumn: "day" },
      "table kpis: hourColumn day is among its columns: files must not fill it",
    ],
    [
      "options that exclude each other",
      { copy: { format: "parquet", compression: "gzip" } },
      "table kpis: PARQUET and GZIP exclude each other: a columnar file is compressed inside; leave one out",
    ],
  ])("refuses %s", (_, change, message) => {
    expect(problems(change)).toEqual([message]);
  });

  it("refuses two of one name", () => {
    expect(tableProblems([KPIS, KPIS])).toEqual(["table kpis: is listed twice; a key's first part names one"]);
  });

  it.each([
    ["{", "TABLES must be JSON: a list of tables as in lambda-src/load/table.ts"],
    ["[]", "TABLES must be a list of at least one table"],
    ["{}", "TABLES must be a list of at least one table"],
  ])("is refused as %s", (text, message) => {
    expect(() => readTables(text)).toThrow(message);
  });
});

describe("the environment", () => {
  const ENV = {
    BUCKET: "files",
    LEDGER_TABLE: "ledger",
    TABLES: JSON.stringify([KPIS]),
    WORKGROUP_NAME: "w",
    DATABASE: "d",
    COPY_ROLE: "arn:aws:iam::123456789012:role/copy",
  };

  it("has its defaults", () => {
    expect(readLoadEnv(ENV)).toEqual({
      bucket: "files",
      ledgerTable: "ledger",
      tables: [KPIS],
      reach: { by: "dataApi", connection: { WorkgroupName: "w", Database: "d" }, role: undefined },
      copyRole: "arn:aws:iam::123456789012:role/copy",
      bucketRegion: undefined,
      maxFiles: 1000,
      maxBytes: 1_073_741_824,
      leaseMilliseconds: 900_000,
      finishedDays: 90,
      ignoredPrefixes: [".redstream/"],
    });
  });

  it("takes a secret, a role of another account, a chain of roles and limits", () => {
    const chain = "arn:aws:iam::123456789012:role/a,arn:aws:iam::210987654321:role/b";
    const env = {
      SECRET_ARN: "arn:secret",
      DATA_API_ROLE: "arn:role",
      DATA_API_EXTERNAL_ID: "x",
      COPY_ROLE: chain,
      MAX_FILES: "5",
      IGNORED_PREFIXES: '["errors/"]',
    };
    expect(readLoadEnv({ ...ENV, ...env })).toMatchObject({
      reach: {
        connection: { WorkgroupName: "w", Database: "d", SecretArn: "arn:secret" },
        role: { arn: "arn:role", externalId: "x" },
      },
      copyRole: chain,
      maxFiles: 5,
      ignoredPrefixes: [".redstream/", "errors/"],
    });
  });

  const DRIVER = { WORKGROUP_NAME: "", LOGIN_PARAMETER: "/load", WAREHOUSE_HOST: "w.example", WAREHOUSE_PORT: "5440" };

  it("takes a host, a port and a parameter in place of the Data API", () => {
    const reach = { by: "driver", host: "w.example", port: 5440, database: "d", parameter: "/load" };
    expect(readLoadEnv({ ...ENV, ...DRIVER }).reach).toEqual({ ...reach, local: undefined });
    const local = { REDSTREAM_LOCAL_WAREHOUSES: "127.0.0.1:4000" };
    expect(readLoadEnv({ ...ENV, ...DRIVER, ...local }).reach).toEqual({ ...reach, local: "127.0.0.1:4000" });
  });

  it.each([
    [
      { ...DRIVER, WAREHOUSE_HOST: "", WAREHOUSE_PORT: "" },
      "set WAREHOUSE_HOST, WAREHOUSE_PORT in the function's environment",
    ],
    [
      { ...DRIVER, SECRET_ARN: "arn", WORKGROUP_NAME: "w" },
      "WORKGROUP_NAME, SECRET_ARN must be left out with LOGIN_PARAMETER: a driver does not use the Data API",
    ],
    [
      { ...DRIVER, REDSTREAM_LOCAL_WAREHOUSES: "10.0.0.1:5439" },
      'REDSTREAM_LOCAL_WAREHOUSES must be 127.0.0.1:PORT, and is for local runs alone; got "10.0.0.1:5439"',
    ],
    [
      { BUCKET: "", WORKGROUP_NAME: "" },
      "set either CLUSTER_IDENTIFIER or WORKGROUP_NAME, BUCKET in the function's environment",
    ],
    [{ CLUSTER_IDENTIFIER: "c" }, "set either CLUSTER_IDENTIFIER or WORKGROUP_NAME in the function's environment"],
    [{ MAX_FILES: "0" }, 'MAX_FILES must be a whole number from 1 to 10000, got "0"'],
    [{ FINISHED_DAYS: "x" }, 'FINISHED_DAYS must be a whole number of at least 1, got "x"'],
    [
      { COPY_ROLE: "arn:aws:iam::123456789012:role/a' MAXERROR 9 '" },
      `COPY_ROLE must be default, a role's ARN or two joined by a comma, got "arn:aws:iam::123456789012:role/a' MAXERROR 9 '"`,
    ],
    [
      {
        BUCKET_REGION: "eu-west-1",
        TABLES: JSON.stringify([KPIS, { name: "sensors", columns: ["a"], copy: { format: "parquet" } }]),
      },
      "BUCKET_REGION must be left out with table sensors: COPY reads parquet files in the warehouse's own region only",
    ],
    [{ IGNORED_PREFIXES: '[""]' }, 'IGNORED_PREFIXES must be a JSON list of prefixes, got [""]'],
  ])("is refused with %p", (change, message) => {
    expect(() => readLoadEnv({ ...ENV, ...change })).toThrow(message);
  });
});

describe("the COPY of a table", () => {
  const source = { manifestUrl: "s3://b/m", copyRole: "default", region: "eu-west-1" };
  const copyOf = (table: LoadTable) =>
    stagingOf(
      { id: "l", table, hour: "2026-11-21T08", files: [] },
      { ...source, ...(isColumnar(table) ? { region: undefined } : {}) },
    )[COPY_STATEMENT];

  it("leaves encodings and statistics of the staging table alone", () => {
    expect(copyOf(KPIS)).toBe(
      `COPY redstream_stage ("day", "value") FROM 's3://b/m' IAM_ROLE default REGION 'eu-west-1' MANIFEST CSV COMPUPDATE OFF STATUPDATE OFF`,
    );
  });

  it.each(["parquet", "orc"] as const)("of %s files has no word that Redshift refuses for them", (format) => {
    expect(copyOf({ ...KPIS, copy: { format } })).toBe(
      `COPY redstream_stage ("day", "value") FROM 's3://b/m' IAM_ROLE default MANIFEST ${format.toUpperCase()} STATUPDATE OFF`,
    );
  });
});

it("work at once is tried for every item, and the first failure is told when all have ended", async () => {
  const tried: number[] = [];
  let most = 0;
  let now = 0;
  const work = atOnce(2, [1, 2, 3, 4, 5], async (n) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    tried.push(n);
    if (n === 2) throw new Error("two");
    return n * n;
  });
  await expect(work).rejects.toThrow("two");
  expect([tried.sort(), most]).toEqual([[1, 2, 3, 4, 5], 2]);
});

import { spawnSync } from "node:child_process";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { query } from "../../cli/query";
import type { TerraformError } from "../../local/terraform/terraform";
import { Applied, changesOf } from "./support/applied";
import { DATASET, Dataset, SMALL, TABLE } from "./support/small-warehouse";

/** Migrations at apply: the real Terraform, the real Lambda zip, the Data API of the local AWS. The tests are one story, in this order. */
const MINUTES = 60_000;
jest.setTimeout(3 * MINUTES);

interface SmallOutputs {
  readonly function_name: string;
  readonly user_secret_arn: string;
  readonly cluster: string;
  readonly database: string;
  readonly admin_secret_arn: string;
}

let applied: Applied;
let outputs: SmallOutputs;
const files = new Dataset()
  .write("001_create_laps.sql", `CREATE TABLE ${TABLE} (speed FLOAT8)`)
  .write("002_create_pits.sql", "CREATE TABLE pits (lap INTEGER)");

beforeAll(async () => {
  applied = await Applied.start(SMALL, 60);
  await apply();
  outputs = applied.outputs as unknown as SmallOutputs;
});
afterAll(async () => {
  await applied?.stop();
  files.remove();
});

const apply = () => applied.apply(files.synthesize());
/** What a red apply says; the quotes of the function's own words come escaped in JSON. */
const failure = async () =>
  String(((await apply().catch((error) => error)) as TerraformError).message).replaceAll('\\"', '"');

async function plan(): Promise<string[]> {
  const { terraform } = applied.take(files.synthesize());
  // What Terraform fills in when it reads the resources for the first time (empty tags) is no change.
  const { changes } = await terraform.plan();
  return changesOf({ changes, drift: [], outputs: [] });
}

async function rows(sql: string): Promise<readonly (readonly unknown[])[]> {
  const client = new RedshiftDataClient(applied.gateway.aws.internal);
  const { cluster, database, admin_secret_arn: secretArn } = outputs;
  return (await query(client, { cluster, database, secretArn }, sql)).rows;
}

const recorded = async (dataset = DATASET) =>
  (await rows(`SELECT name FROM redstream.migrations WHERE dataset = '${dataset}' ORDER BY name`)).map(
    ([name]) => name,
  );
const tables = async () =>
  (await rows("SELECT table_name FROM svv_tables WHERE table_schema = 'public' ORDER BY 1")).map(([name]) => name);

describe("migrations at apply", () => {
  it("are all applied and recorded, and a second plan changes nothing", async () => {
    expect(await recorded()).toEqual(["001_create_laps.sql", "002_create_pits.sql"]);
    expect(await tables()).toEqual(["laps", "pits"]);
    expect(await plan()).toEqual([]);
  });

  it("show a new file as exactly one planned change", async () => {
    files.write("003_add_rpm.sql", `ALTER TABLE ${TABLE} ADD COLUMN rpm INTEGER`);
    expect(await plan()).toEqual([
      expect.stringMatching(/^delete\+create aws_lambda_invocation\.migrations_run_\w+ \(id, input, result\)$/),
    ]);
  });

  it("that fail in the middle keep the files before, leave the apply red, and name file and statement", async () => {
    files.write(
      "004_create_twice.sql",
      "CREATE TABLE kept_by_nobody (a INTEGER);\nINSERT INTO no_such_table VALUES (1)",
    );
    files.write("005_create_flags.sql", "CREATE TABLE flags (colour VARCHAR(8))");
    expect(await failure()).toContain(
      '004_create_twice.sql: statement 2 (INSERT INTO no_such_table VALUES (1)) failed: ERROR: relation "no_such_table" does not exist. ' +
        "Nothing of this file was kept; the files before it are applied and recorded. Correct it and apply again",
    );
    expect(await recorded()).toEqual(["001_create_laps.sql", "002_create_pits.sql", "003_add_rpm.sql"]);
    expect(await tables()).toEqual(["laps", "pits"]);
  });

  it("go on from there at the next apply, once the file is mended", async () => {
    files.write("004_create_twice.sql", "CREATE TABLE weather (rain BOOLEAN)");
    await apply();
    expect(await recorded()).toEqual(files.names);
    expect(await tables()).toEqual(["flags", "laps", "pits", "weather"]);
    expect(await plan()).toEqual([]);
  });

  it("refuse a file that was edited after it was applied, by its checksum, and keep everything as it was", async () => {
    const before = files.read("002_create_pits.sql");
    files.write("002_create_pits.sql", `${before.replace("INTEGER", "BIGINT")}`);
    expect(await failure()).toMatch(
      /002_create_pits\.sql was edited after it was applied: recorded checksum [0-9a-f]{64}, now [0-9a-f]{64}; restore it and put the change into a new file/,
    );
    expect(await recorded()).toEqual(files.names);
    files.write("002_create_pits.sql", before);
    await apply();
    expect(await plan()).toEqual([]);
  });

  it("run by two appliers at once are each applied once", async () => {
    const lambda = new LambdaClient(applied.gateway.aws.internal);
    const names = ["001_a.sql", "002_b.sql", "003_c.sql", "004_d.sql", "005_e.sql"];
    const migrations = names.map((name, i) => ({
      name,
      sql: i === 0 ? "CREATE TABLE once (n INTEGER)" : `INSERT INTO once VALUES (${i})`,
    }));
    const input = JSON.stringify({ dataset: "twice", migrations, users: [] });
    const invoke = async () => {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: outputs.function_name, Payload: Buffer.from(input) }),
      );
      const said = JSON.parse(Buffer.from(Payload!).toString());
      if (FunctionError) throw new Error(said.errorMessage);
      return said as { applied: string[]; recorded: number };
    };
    const both = await Promise.all([invoke(), invoke()]);
    expect(both.map(({ recorded }) => recorded)).toEqual([5, 5]);
    expect(both.flatMap(({ applied }) => applied).sort()).toEqual(names);
    expect(await recorded("twice")).toEqual(names);
    expect((await rows("SELECT n FROM once ORDER BY n")).flat()).toEqual([1, 2, 3, 4]);
  });

  it("make the loading user with a password that is in its secret and in no state, log or output", async () => {
    const secrets = new SecretsManagerClient(applied.gateway.aws.internal);
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: outputs.user_secret_arn }));
    const { username, password } = JSON.parse(SecretString!) as Record<string, string>;
    expect(await rows(`SELECT usename, usesuper FROM pg_user WHERE usename = '${username}'`)).toEqual([
      ["firehose_loader", false],
    ]);
    expect(password).toMatch(/^.{16,64}$/);
    const found = spawnSync("grep", ["-rlaF", "--", password!, applied.scratch("")], { encoding: "utf8" });
    expect([found.status, found.stdout]).toEqual([1, ""]);
  });
});

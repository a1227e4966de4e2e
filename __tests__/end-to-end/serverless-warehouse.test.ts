import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { fast, multiset, recordsOf, rowOf, sql } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

const STACK = "telemetry-warehouse";
/** A minute of AWS's time is a second. */
const SPEED = 60;
const SERVERLESS = { warehouse: { kind: "serverless" } };

let warehouse: Applied;
let aws: AwsCommand;
let synthesized: string;

/** Tests of this file go on from one another: one stack, from an empty account to an empty account. */
beforeAll(async () => {
  [synthesized, warehouse] = await Promise.all([synthesizeWith(SERVERLESS), Applied.start(STACK, SPEED)]);
  aws = await awsCommand(warehouse.gateway);
}, 600_000);

afterAll(() => warehouse?.stop());

const rows = async () => (await sql(warehouse, `SELECT * FROM ${warehouse.outputs.warehouse_table}`)).rows;

describe("telemetry-warehouse on Redshift Serverless", () => {
  it("is applied, and planned again without a change", async () => {
    const terraform = await warehouse.apply(synthesized);
    expect(changesOf(await terraform.plan())).toEqual([]);
  }, 600_000);

  it("holds exactly the fast laps of what was sent", async () => {
    await warehouse.startAnalytics();
    expect(await warehouse.send(600, 23)).toMatchObject({ accepted: 600, lost: 0 });
    await warehouse.settle();
    expect(multiset(await rows())).toEqual(multiset(recordsOf(600, 23).filter(fast()).map(rowOf)));
  }, 300_000);

  it("is asked by the real command line under its workgroup's name", async () => {
    const { warehouse_workgroup, warehouse_database } = warehouse.outputs;
    const { workgroup } = await aws<{ workgroup: { status: string; publiclyAccessible: boolean } }>(
      ...["redshift-serverless", "get-workgroup", "--workgroup-name", warehouse_workgroup!],
    );
    expect(workgroup).toMatchObject({ status: "AVAILABLE", publiclyAccessible: true });
    const on = ["--workgroup-name", warehouse_workgroup!, "--database", warehouse_database!];
    const { Id } = await aws<{ Id: string }>("redshift-data", "execute-statement", ...on, "--sql", "SELECT 1 AS one");
    expect(Id).toMatch(/^[0-9a-f-]{36}$/);
  }, 60_000);

  it("leaves nothing when it is destroyed", async () => {
    const { terraform } = warehouse.take(synthesized);
    await terraform.destroy();
    expect(await leftovers(warehouse, aws)).toEqual(NOTHING);
    expect(await aws("redshift-serverless", "list-namespaces")).toEqual({ namespaces: [] });
    expect(await aws("redshift-serverless", "list-workgroups")).toEqual({ workgroups: [] });
  }, 600_000);
});

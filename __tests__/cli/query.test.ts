import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { query, tableOf, warehouseOf } from "../../cli/query";

const ON = { cluster: "c", database: "d", secretArn: "arn:secret" };

/** A Data API that answers the commands in turn; what was asked is kept. */
function api(...answers: object[]): { client: RedshiftDataClient; asked: object[] } {
  const asked: object[] = [];
  const send = async ({ input }: { input: object }) => {
    asked.push(input);
    return answers[asked.length - 1];
  };
  return { client: { send } as unknown as RedshiftDataClient, asked };
}

describe("query", () => {
  it("waits for the statement and reads every page of its result", async () => {
    const { client, asked } = api(
      { Id: "1" },
      { Status: "STARTED" },
      { Status: "FINISHED", HasResultSet: true },
      {
        ColumnMetadata: [{ name: "a" }, { name: "b" }],
        Records: [[{ longValue: 1 }, { isNull: true }]],
        NextToken: "n",
      },
      { ColumnMetadata: [{ name: "a" }, { name: "b" }], Records: [[{ longValue: 2 }, { stringValue: "x" }]] },
    );
    expect(await query(client, ON, "SELECT 1")).toEqual({
      columns: ["a", "b"],
      rows: [
        [1, null],
        [2, "x"],
      ],
    });
    expect(asked[0]).toEqual({ ClusterIdentifier: "c", Database: "d", SecretArn: "arn:secret", Sql: "SELECT 1" });
  });

  it("fails with the warehouse's own words", async () => {
    const { client } = api({ Id: "1" }, { Status: "FAILED", Error: 'relation "x" does not exist' });
    await expect(query(client, ON, "SELECT * FROM x")).rejects.toThrow('FAILED: relation "x" does not exist');
  });
});

describe("warehouseOf", () => {
  const common = { warehouse_database: "d", warehouse_admin_secret_arn: "arn:secret" };

  it("finds a cluster or a workgroup by the stack's outputs, and nothing in a lake", () => {
    expect(warehouseOf({ ...common, warehouse_cluster: "c" })).toEqual(ON);
    expect(warehouseOf({ ...common, warehouse_workgroup: "w" })).toEqual({
      workgroup: "w",
      database: "d",
      secretArn: "arn:secret",
    });
    expect(warehouseOf({})).toBeUndefined();
  });

  it("is asked by the workgroup's name where it is one", async () => {
    const { client, asked } = api({ Id: "1" }, { Status: "FINISHED" });
    await query(client, warehouseOf({ ...common, warehouse_workgroup: "w" })!, "SELECT 1");
    expect(asked[0]).toEqual({ WorkgroupName: "w", Database: "d", SecretArn: "arn:secret", Sql: "SELECT 1" });
  });
});

describe("tableOf", () => {
  it("aligns columns and leaves NULL empty", () => {
    const answer = {
      columns: ["speed", "gear"],
      rows: [
        [210.5, 6],
        [null, 10],
      ],
    };
    expect(tableOf(answer)).toBe("speed  gear\n-----  ----\n210.5  6\n       10");
  });
});

import { synthesizedStack } from "../support/stacks";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

const warehouse = (more: object = {}) =>
  synthesizedStack("telemetry-warehouse", { warehouse: { delivery: "loader", ...more } });

describe("telemetry-warehouse with delivery loader", () => {
  it.each([
    ["provisioned", "aws_redshift_cluster"],
    ["serverless", "aws_redshiftserverless_workgroup"],
  ])("has a %s warehouse that nobody reaches from outside", (kind, type) => {
    const [made] = Object.values<Json>(warehouse({ kind }).resource[type]);
    expect(made).toMatchObject({ publicly_accessible: false, enhanced_vpc_routing: true });
  });

  it("lets Firehose stop at the bucket, the files under their table's name", () => {
    const { resource } = warehouse();
    const streams = Object.values<Json>(resource.aws_kinesis_firehose_delivery_stream);
    expect(streams.map(({ destination }) => destination)).toEqual(["extended_s3", "extended_s3"]);
    expect(streams.map((stream) => stream.extended_s3_configuration.prefix)).toContain("demo_cluster_dbtable/");
  });

  it("loads by a function that logs in by IAM: there is no loading user and no secret of one", () => {
    const { resource, output } = warehouse();
    expect(resource).not.toHaveProperty("aws_secretsmanager_secret");
    const [run] = Object.values<Json>(resource.aws_lambda_invocation);
    expect(JSON.parse(run.input).users).toEqual([
      {
        name: expect.stringMatching(/^IAMR:\$\{aws_iam_role\.loads_loader_load_role_\w+\.name\}$/),
        grants: [
          { schema: "public", table: "demo_cluster_dbtable", privileges: ["SELECT", "INSERT", "DELETE"] },
          { schema: "redstream", table: "loads", privileges: ["SELECT", "INSERT"] },
        ],
      },
    ]);
    expect(Object.keys(output)).toEqual(expect.arrayContaining(["loader_ledger", "loader_tables", "warehouse_table"]));
  });

  it("reads files as Firehose compresses them", () => {
    const tables = (more: object) =>
      Object.values<Json>(warehouse(more).resource.aws_lambda_function)
        .map(({ environment }) => environment?.variables.TABLES)
        .find((text) => text !== undefined);
    expect(JSON.parse(tables({}))).toMatchObject([{ copy: { format: "csv" }, datedKeys: true }]);
    expect(JSON.parse(tables({ compression: "GZIP" }))).toMatchObject([
      { copy: { format: "csv", compression: "gzip" } },
    ]);
  });

  it("may be used with profile prod, which a public address is not without a word", () => {
    const settings = {
      profile: "prod",
      backend: { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" },
      warehouse: { delivery: "loader" },
    };
    expect(() => synthesizedStack("telemetry-warehouse", settings)).not.toThrow();
  });

  it.each([
    [
      { copyOptions: "json 'auto'" },
      'telemetry-warehouse: warehouse.copyOptions "json \'auto\'" is of warehouse.delivery "firehose"; the loader reads the CSV that the analytics application writes; leave it out',
    ],
    [
      { backup: true },
      'telemetry-warehouse: warehouse.backup true is of warehouse.delivery "firehose"; with "loader" the bucket holds the records as they came; leave it out',
    ],
  ])("refuses %j", (more, message) => {
    expect(() => warehouse(more)).toThrow(message);
  });
});

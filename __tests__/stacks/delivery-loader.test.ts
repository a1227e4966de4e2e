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

describe("the event stacks with delivery loader", () => {
  const LOADER = { events: { delivery: "loader" } };
  const events = (more: object = {}) => synthesizedStack("event-monitor", { events: { ...LOADER.events, ...more } });
  const tables = (more: object = {}) => synthesizedStack("event-warehouse", { events: { ...LOADER.events, ...more } });
  const documents = (json: Json) => Object.entries<Json>(json.data.aws_iam_policy_document);
  const trustOf = (json: Json, role: string) =>
    documents(json).find(([name]) => name.startsWith(`${role}_role-trust`))![1].statement;

  it("have a warehouse that nobody reaches from outside, and no loading user", () => {
    const { resource } = tables();
    expect(Object.values(resource.aws_redshift_cluster)).toMatchObject([
      { publicly_accessible: false, enhanced_vpc_routing: true },
    ]);
    expect(resource).not.toHaveProperty("aws_secretsmanager_secret");
  });

  it("let Firehose stop at the bucket, with the hour in the key", () => {
    const streams = Object.values<Json>(events().resource.aws_kinesis_firehose_delivery_stream);
    expect(streams.map(({ destination }) => destination)).toEqual(["extended_s3", "extended_s3"]);
    expect(streams.map((stream) => stream.extended_s3_configuration.prefix)).toEqual([
      "events/!{timestamp:yyyy/MM/dd/HH}/",
      "utm/!{timestamp:yyyy/MM/dd/HH}/",
    ]);
  });

  it("give the function the chain of roles for COPY, and the role and external id for SQL", () => {
    const fn = Object.values<Json>(events().resource.aws_lambda_function).find(
      ({ environment }) => environment?.variables.COPY_ROLE !== undefined,
    );
    const { COPY_ROLE, DATA_API_ROLE, DATA_API_EXTERNAL_ID, TABLES } = fn.environment.variables;
    expect(COPY_ROLE).toMatch(/copy-role_\w+arn\},arn:.+:role\/redstream-events-files-/);
    expect(DATA_API_ROLE).toMatch(/iam_roleaccess_role_\w+arn\}$/);
    expect(DATA_API_EXTERNAL_ID).toMatch(/^redstream-events-loader-/);
    expect(JSON.parse(TABLES)).toMatchObject([
      { name: "events", hourColumn: "source_hour", copy: { format: "json", compression: "gzip" } },
      { name: "utm", hourColumn: "source_hour" },
    ]);
  });

  it("admit to the SQL role the one function, and to the bucket's role the warehouse's for the loader's database user", () => {
    expect(trustOf(tables(), "access")).toEqual([
      expect.objectContaining({
        actions: ["sts:AssumeRole"],
        condition: [
          {
            test: "ArnEquals",
            variable: "aws:PrincipalArn",
            values: [expect.stringMatching(/:role\/redstream-events-load-function-\$\{random_id\.suffix\.hex\}$/)],
          },
          {
            test: "StringEquals",
            variable: "sts:ExternalId",
            values: ["redstream-events-loader-${random_id.suffix.hex}"],
          },
        ],
      }),
    ]);
    const [trust] = trustOf(events(), "reader");
    expect(trust.condition).toEqual([
      {
        test: "ArnEquals",
        variable: "aws:PrincipalArn",
        values: [expect.stringMatching(/iam_rolewarehouse_copy-role_\w+arn\}$/)],
      },
      {
        test: "StringEqualsIgnoreCase",
        variable: "sts:ExternalId",
        values: [expect.stringMatching(/^arn:.+:redshift:us-east-1:.+:dbuser:.+\/IAMR:.+$/)],
      },
    ]);
  });

  it("let the loading function run SQL through that role only", () => {
    const statements = documents(events()).flatMap(([, { statement }]) => statement);
    expect(statements.filter(({ actions }: Json) => actions.some((a: string) => a.startsWith("redshift")))).toEqual([]);
    const chain = documents(tables()).flatMap(([, { statement }]) => statement);
    expect(chain.filter(({ actions, resources }: Json) => actions[0] === "sts:AssumeRole" && resources)).toEqual([
      {
        actions: ["sts:AssumeRole"],
        resources: [expect.stringMatching(/:role\/redstream-events-files-\$\{random_id\.suffix\.hex\}$/)],
      },
    ]);
  });

  it.each([
    [
      { copyOptions: "CSV" },
      {},
      'event-warehouse: events.copyOptions "CSV" is of events.delivery "firehose"; leave it out',
    ],
    [
      {},
      { warehouse: { kind: "serverless" } },
      'event-warehouse: events.delivery "loader" needs warehouse.kind "provisioned": what Redshift Serverless gives as external id in a chain of roles is not documented',
    ],
  ])("refuse %j with %j", (more, beside, message) => {
    expect(() => synthesizedStack("event-warehouse", { events: { ...LOADER.events, ...more }, ...beside })).toThrow(
      message,
    );
  });
});

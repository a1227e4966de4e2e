import { readEnv } from "../../lambda-src/replay/config";
import { synthesizedStack } from "../support/stacks";
import { statementsIn } from "../support/synth";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

const warehouse = (more: object = {}) =>
  synthesizedStack("telemetry-warehouse", { warehouse: { delivery: "loader", ...more } });

const ref = (text: string) => expect.stringMatching(new RegExp(`^\\$\\{aws_${text}\\}$`));
const DECRYPT = { actions: ["kms:Decrypt"], resources: [ref("kms_key\\.\\w+\\.arn")] };
const USE = { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: DECRYPT.resources };
const LEDGER = [ref("dynamodb_table\\.loads_loader_ledger_table_\\w+\\.arn")];

/** What a replay may do, whatever its warehouse; logs and traces are lambda-function's own, and held by its tests. */
const replaying = (bucket: string) => {
  const files = `s3_bucket\\.${bucket}_bucket_\\w+\\.arn`;
  const under = (prefix: string) => expect.stringMatching(new RegExp(`^\\$\\{aws_${files}\\}/${prefix}$`));
  return [
    { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [under("\\*")] },
    { actions: ["s3:ListBucket"], resources: [ref(files)] },
    { actions: ["s3:PutObject"], resources: [under("\\.redstream/manifests/\\*")] },
    { actions: ["s3:ListBucketVersions"], resources: [ref(files)] },
    { actions: ["s3:RestoreObject"], resources: [under("\\*")] },
    { actions: ["dynamodb:Query", "dynamodb:PutItem"], resources: LEDGER },
    { actions: ["dynamodb:BatchGetItem"], resources: LEDGER },
    // For the environment, for objects, for the ledger.
    ...[USE, USE, USE, DECRYPT],
  ];
};
const rightsOfReplay = (json: Json) =>
  sorted(statementsIn(json, "loads_replay_function").filter(({ actions }) => !/^(logs|xray):/.test(actions[0])));
const sorted = (statements: readonly Json[]) =>
  [...statements].sort((a, b) => (a.actions.join() < b.actions.join() ? -1 : 1));

/** What `redstream` finds a loader and its replay by. */
const LOADER_OUTPUTS = [
  "alarm_topic",
  "loader_bucket",
  "loader_dead_letter_url",
  "loader_function",
  "loader_ledger",
  "loader_queue_url",
  "loader_tables",
  "replay_function",
  "replay_state_machine",
  "sweep_state_machine",
];

const schedulesOf = ({ resource }: Json) =>
  Object.values<Json>(resource.aws_scheduler_schedule).map(({ schedule_expression, target }) => [
    schedule_expression,
    target.arn,
  ]);
const SWEPT_HOURLY = [["rate(60 minutes)", ref("sfn_state_machine\\.loads_loader_sweep_machine_\\w+\\.arn")]];

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
    const grants = [
      { schema: "public", table: "demo_cluster_dbtable", privileges: ["SELECT", "INSERT", "DELETE"] },
      { schema: "redstream", table: "loads", privileges: ["SELECT", "INSERT"] },
    ];
    expect(runsOf(resource).get("telemetry").input.users).toEqual([
      { name: expect.stringMatching(/^IAMR:\$\{aws_iam_role\.loads_loader_load_role_\w+\.name\}$/), grants },
      { name: expect.stringMatching(/^IAMR:\$\{aws_iam_role\.loads_replay_function_role_\w+\.name\}$/), grants },
    ]);
    expect(Object.keys(output)).toEqual(expect.arrayContaining([...LOADER_OUTPUTS, "warehouse_table"]));
  });

  const runsOf = (resource: Json) =>
    new Map<string, Json>(
      Object.entries<Json>(resource.aws_lambda_invocation).map(([id, { input, depends_on }]) => {
        const read = JSON.parse(input);
        return [read.dataset, { id, depends_on, input: read }];
      }),
    );

  it("adds the hour to the table that the files come from, and begins to load behind that", () => {
    const { resource } = warehouse();
    const runs = runsOf(resource);
    expect([...runs.keys()].sort()).toEqual(["telemetry", "telemetry_loader"]);
    const { id, input, depends_on } = runs.get("telemetry_loader");
    expect(input.migrations.map(({ sql }: Json) => sql.replace(/^--.*\n/gm, ""))).toEqual([
      "ALTER TABLE public.demo_cluster_dbtable ADD COLUMN source_hour TIMESTAMP;\n",
    ]);
    expect(depends_on).toEqual([`aws_lambda_invocation.${runs.get("telemetry").id}`]);
    const [source] = Object.values<Json>(resource.aws_lambda_event_source_mapping);
    expect(source.depends_on).toContain(`aws_lambda_invocation.${id}`);
  });

  it("leaves the table that Firehose loads its four columns", () => {
    const { resource } = synthesizedStack("telemetry-warehouse");
    expect([...runsOf(resource).keys()]).toEqual(["telemetry"]);
    expect(JSON.stringify(runsOf(resource).get("telemetry").input.migrations[0])).not.toContain("source_hour");
  });

  it("loads past hours again by a function of its own, which may what loading takes, list versions and restore, and no more", () => {
    const json = warehouse();
    const CLUSTER = [ref("redshift_cluster\\.warehouse_cluster_\\w+\\.arn")];
    expect(rightsOfReplay(json)).toEqual(
      sorted([
        ...replaying("staging"),
        { actions: ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], resources: CLUSTER },
        {
          actions: [
            "redshift-data:DescribeStatement",
            "redshift-data:GetStatementResult",
            "redshift-data:CancelStatement",
          ],
          resources: ["*"],
          condition: [
            {
              test: "StringEquals",
              variable: "redshift-data:statement-owner-iam-userid",
              values: ["&{aws:userid}"],
            },
          ],
        },
        {
          actions: ["redshift:GetClusterCredentialsWithIAM"],
          resources: [expect.stringMatching(/:dbname:\$\{aws_redshift_cluster\..+\}\/telemetry$/)],
        },
      ]),
    );
  });

  it("sweeps its bucket every hour", () => {
    expect(schedulesOf(warehouse())).toEqual(SWEPT_HOURLY);
  });

  it("reads files as Firehose compresses them", () => {
    const tables = (more: object) =>
      Object.values<Json>(warehouse(more).resource.aws_lambda_function)
        .map(({ environment }) => environment?.variables.TABLES)
        .find((text) => text !== undefined);
    expect(JSON.parse(tables({}))).toMatchObject([
      { copy: { format: "csv" }, hourColumn: "source_hour", datedKeys: true },
    ]);
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
    [
      // A word that the files of sql/telemetry hold, and no table to which they add an hour.
      { table: "throttle" },
      "telemetry-warehouse: table throttle must have a column source_hour, into which a load writes the hour of the file and by which a replay replaces rows: no file of sql/telemetry or sql/telemetry_loader names both; add one to sql/telemetry_loader, such as ALTER TABLE public.throttle ADD COLUMN source_hour TIMESTAMP",
    ],
  ])("refuses %j", (more, message) => {
    expect(() => warehouse(more)).toThrow(new Error(message));
  });

  it("asks no hour of a table that Firehose loads", () => {
    expect(() => synthesizedStack("telemetry-warehouse", { warehouse: { table: "throttle" } })).not.toThrow();
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

  it("admit to the SQL role the functions of loader and replay, and to the bucket's role the warehouse's for the loader's database user", () => {
    expect(trustOf(tables(), "access")).toEqual([
      expect.objectContaining({
        actions: ["sts:AssumeRole"],
        condition: [
          {
            test: "ArnEquals",
            variable: "aws:PrincipalArn",
            values: [
              expect.stringMatching(/:role\/redstream-events-load-function-\$\{random_id\.suffix\.hex\}$/),
              expect.stringMatching(/:role\/redstream-events-replay-function-\$\{random_id\.suffix\.hex\}$/),
            ],
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

  it("name the roles of both functions as the warehouse's account admits them", () => {
    const { aws_iam_role: roles } = events().resource;
    const named = Object.entries<Json>(roles).filter(([id]) => /^loads_(loader_load|replay_function)_role_/.test(id));
    expect(named.map(([, { name }]) => name)).toEqual([
      expect.stringMatching(/^redstream-events-load-function-\$\{.*random_idsuffixhex\}$/),
      expect.stringMatching(/^redstream-events-replay-function-\$\{.*random_idsuffixhex\}$/),
    ]);
  });

  it("load past hours again through the same roles: the replay's function may what loading takes, list versions and restore, and no more", () => {
    const json = events();
    expect(rightsOfReplay(json)).toEqual(
      sorted([
        ...replaying("files"),
        {
          actions: ["sts:AssumeRole"],
          resources: [expect.stringMatching(/iam_roleaccess_role_\w+arn\}$/)],
        },
      ]),
    );
    const [load, replay] = Object.values<Json>(json.resource.aws_lambda_function)
      .map(({ environment }) => environment?.variables ?? {})
      .filter(({ COPY_ROLE }) => COPY_ROLE !== undefined);
    const { LEASE_SECONDS, RESTORE_DAYS, ...same } = replay;
    expect({ ...same, LEASE_SECONDS: load.LEASE_SECONDS }).toEqual(load);
    // Names of roles are known to Terraform only.
    expect(readEnv({ ...replay, COPY_ROLE: "default" })).toMatchObject({ leaseMilliseconds: 900_000, restoreDays: 3 });
  });

  it("sweep the bucket every hour, and say where loader, replay and warehouse are", () => {
    const json = events();
    expect(schedulesOf(json)).toEqual(SWEPT_HOURLY);
    expect(Object.keys(json.output)).toEqual(expect.arrayContaining(LOADER_OUTPUTS));
    expect(json.output.warehouse_stack.value).toBe("event-warehouse");
    expect(tables().output.warehouse_loads.value).toBe("redstream.loads");
    expect(synthesizedStack("event-warehouse").output).not.toHaveProperty("warehouse_loads");
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

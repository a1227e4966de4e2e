import { Testing } from "cdktf";
import { checkTypes } from "../../local/inert";
import { parseSettings } from "../../settings";
import { S3LoaderStack } from "../../stacks/s3-loader";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
const synthesized = (settings: object = {}): any =>
  JSON.parse(Testing.synth(new S3LoaderStack(Testing.app(), "s3-loader", parseSettings(settings, "test")), true));

const PROD = {
  profile: "prod",
  backend: {
    kind: "s3",
    bucket: "state",
    region: "us-east-1",
    lockTable: "locks",
  },
};

describe("s3-loader", () => {
  it.each(["provisioned", "serverless"])(
    "has a private warehouse, %s, whatever the settings say of delivery",
    (kind) => {
      const json = synthesized({ warehouse: { kind } });
      expect(() => checkTypes(json)).not.toThrow();
      const { resource } = json;
      const [warehouse] = Object.values(
        resource[kind === "serverless" ? "aws_redshiftserverless_workgroup" : "aws_redshift_cluster"],
      );
      expect(warehouse).toMatchObject({
        publicly_accessible: false,
        enhanced_vpc_routing: true,
      });
      expect(resource).not.toHaveProperty("aws_internet_gateway");
      expect(resource).not.toHaveProperty("aws_vpc_security_group_ingress_rule");
    },
  );

  it("needs no acknowledgement of a public address with profile prod, and keeps its data", () => {
    const { resource } = synthesized(PROD);
    expect(Object.values(resource.aws_dynamodb_table)).toMatchObject([{ deletion_protection_enabled: true }]);
    expect(Object.values(resource.aws_s3_bucket)).toMatchObject([{ force_destroy: false }]);
    expect(Object.values(resource.aws_redshift_cluster)).toMatchObject([{ skip_final_snapshot: false }]);
  });

  it("says where everything is", () => {
    const names = Object.keys(synthesized().output).sort();
    expect(names).toEqual([
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
      "warehouse_admin_secret_arn",
      "warehouse_cluster",
      "warehouse_database",
    ]);
  });

  it("gives the roles of load and replay their tables and the record, and nobody a password", () => {
    const { resource } = synthesized();
    const [run] = Object.values<{ input: string }>(resource.aws_lambda_invocation);
    const { users } = JSON.parse(run!.input);
    const on = (table: string, schema = "public", privileges = ["SELECT", "INSERT", "DELETE"]) => ({
      schema,
      table,
      privileges,
    });
    const grants = [on("kpis"), on("page_views"), on("sensors"), on("loads", "redstream", ["SELECT", "INSERT"])];
    expect(users).toEqual([
      {
        name: expect.stringMatching(/^IAMR:\$\{aws_iam_role\.loader_load_role_.*\.name\}$/),
        grants,
      },
      {
        name: expect.stringMatching(/^IAMR:\$\{aws_iam_role\.replay_function_role_.*\.name\}$/),
        grants,
      },
    ]);
    expect(resource).not.toHaveProperty("aws_secretsmanager_secret");
  });

  it("loads as the user of a secret where that is chosen, with the same grants and no more", () => {
    const { resource } = synthesized({ loader: { auth: "secret" } });
    const [run] = Object.values<{ input: string }>(resource.aws_lambda_invocation);
    const { users } = JSON.parse(run!.input);
    expect(users).toMatchObject([
      { name: "s3_loader", secretArn: expect.stringContaining("aws_secretsmanager_secret") },
    ]);
    expect(users[0].grants.map(({ table }: { table: string }) => table)).toEqual([
      "kpis",
      "page_views",
      "sensors",
      "loads",
    ]);
    const functions = Object.values<{ environment?: { variables: object } }>(resource.aws_lambda_function);
    expect(functions.filter(({ environment }) => environment && "SECRET_ARN" in environment.variables)).toHaveLength(2);
  });

  it.each(["provisioned", "serverless"])(
    "loads as the user of a SecureString where that is chosen, inside of the VPC of a warehouse, %s",
    (kind) => {
      const json = synthesized({ loader: { auth: "ssm" }, warehouse: { kind } });
      expect(() => checkTypes(json)).not.toThrow();
      const { resource } = json;
      const [parameter] = Object.values(resource.aws_ssm_parameter);
      expect(parameter).toMatchObject({
        type: "SecureString",
        value_wo: "none yet",
        key_id: expect.stringContaining("aws_kms_key"),
      });
      expect(parameter).not.toHaveProperty("value");
      const [run] = Object.values<{ input: string }>(resource.aws_lambda_invocation);
      expect(JSON.parse(run!.input).users).toMatchObject([
        {
          name: "s3_loader",
          parameter: {
            name: expect.stringMatching(/aws_ssm_parameter.*\.name/),
            keyArn: expect.stringMatching(/aws_kms_key.*\.arn/),
          },
        },
      ]);
      expect(resource).not.toHaveProperty("aws_secretsmanager_secret");
      const functions = Object.values<{ environment?: { variables: object }; vpc_config?: object }>(
        resource.aws_lambda_function,
      );
      const inside = functions.filter(({ environment }) => environment && "LOGIN_PARAMETER" in environment.variables);
      expect(inside).toHaveLength(2);
      expect(inside.map(({ vpc_config }) => vpc_config)).not.toContain(undefined);
      expect(JSON.stringify(json)).not.toContain("REDSTREAM_LOCAL_WAREHOUSES");
    },
  );

  it("keeps the ids of what holds data", () => {
    const { resource } = synthesized();
    const types = [
      "aws_dynamodb_table",
      "aws_kms_key",
      "aws_redshift_cluster",
      "aws_s3_bucket",
      "aws_sqs_queue",
      "random_id",
    ];
    expect(types.flatMap((type) => Object.keys(resource[type] ?? {}).map((id) => `${type}.${id}`))).toEqual([
      "aws_dynamodb_table.loader_ledger_table_6F0C9017",
      "aws_kms_key.key_F64E54E4",
      "aws_redshift_cluster.warehouse_cluster_CE7290EF",
      "aws_s3_bucket.files_bucket_D7C8A516",
      "aws_sqs_queue.loader_queue_E826D059",
      "aws_sqs_queue.loader_queue_dead-letters_5C9B3EE2",
      "random_id.suffix",
    ]);
  });

  it.each<[string, object, string]>([
    [
      "a table that no migration makes",
      {
        tables: [{ name: "sales", columns: ["day"], copy: { format: "csv" } }],
      },
      's3-loader/migrations: iamRoles must name tables that sql/kpis makes, got "sales", which none of its files names',
    ],
    [
      "options that exclude each other",
      {
        tables: [
          {
            name: "kpis",
            columns: ["kpi"],
            copy: { format: "csv", jsonpaths: "s3://b/paths.json" },
          },
        ],
      },
      "s3-loader/loader: tables: table kpis: ",
    ],
    [
      "a column for the hour that no migration makes",
      { tables: [{ name: "kpis", columns: ["kpi"], copy: { format: "csv" }, hourColumn: "loaded_hour" }] },
      "s3-loader: table kpis must have a column loaded_hour, into which a load writes the hour of the file and by which a replay replaces rows: no file of sql/kpis names both; add one to sql/kpis, such as ALTER TABLE public.kpis ADD COLUMN loaded_hour TIMESTAMP",
    ],
    [
      "a window without which nothing is gathered",
      { maxWaitSeconds: 0 },
      "s3-loader/loader: maxFiles 1000 needs maxWaitSeconds of at least 1: without waiting SQS hands over at most 10 messages at once",
    ],
    [
      "a ledger that forgets too early",
      { ledgerDays: 30 },
      "s3-loader/loader: ledgerDays must be more than 35, sweepLookbackDays 7 and the 28 days that messages can wait, got 30: what the ledger has forgotten would be loaded twice",
    ],
  ])("refuses %s in one line", (_, loader, message) => {
    expect(() => synthesized({ loader })).toThrow(message);
  });
});

import { readFileSync } from "node:fs";
import { USER_EVENT, UTM_EVENT } from "../../lambda-src/events/tracking";
import { checkTypes } from "../../local/inert";
import { EVENT_STACK_NAMES, synthesizedStack } from "../support/stacks";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

const monitor = (events: object = {}, more: object = {}) => synthesizedStack("event-monitor", { events, ...more });
const warehouse = (events: object = {}, more: object = {}) => synthesizedStack("event-warehouse", { events, ...more });
const statements = (json: Json): Json[] =>
  Object.values<Json>(json.data.aws_iam_policy_document).flatMap(({ statement }) => statement);
const named = (json: Json, sid: string) => statements(json).filter((one) => one.sid === sid);
const deliveries = (json: Json) =>
  Object.fromEntries(
    Object.values<Json>(json.resource.aws_kinesis_firehose_delivery_stream).map(({ redshift_configuration }) => [
      redshift_configuration.data_table_name,
      redshift_configuration,
    ]),
  );

describe.each(EVENT_STACK_NAMES)("%s", (name) => {
  it.each([{}, { accounts: "same" }])("holds no type that the local AWS does not know, with %j", (events) => {
    expect(() => checkTypes(synthesizedStack(name, { events }))).not.toThrow();
  });

  it("keeps its state outside of what synth deletes", () => {
    expect(synthesizedStack(name).terraform.backend).toEqual({
      local: { path: `../../../.terraform-state/${name}/terraform.tfstate` },
    });
  });

  it("keeps data that would be lost, with profile prod", () => {
    const { resource } = synthesizedStack(name, {
      profile: "prod",
      warehouse: { acknowledgePublicAddress: true },
      backend: { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" },
    });
    for (const bucket of Object.values(resource.aws_s3_bucket ?? {}))
      expect(bucket).toMatchObject({ force_destroy: false });
    for (const cluster of Object.values(resource.aws_redshift_cluster ?? {}))
      expect(cluster).toMatchObject({ skip_final_snapshot: false });
  });
});

describe("event-monitor", () => {
  it("loads each stream into its table as the article does: 5 MB or 300 s, fields by name, text cut, nothing as NULL", () => {
    const found = deliveries(monitor());
    const common = {
      copy_options: "json 'auto' TRUNCATECOLUMNS BLANKSASNULL EMPTYASNULL",
      s3_backup_mode: "Disabled",
    };
    const buffer = { buffering_size: 5, buffering_interval: 300, compression_format: "UNCOMPRESSED" };
    expect(found).toEqual({
      "public.events": expect.objectContaining({
        ...common,
        data_table_columns: USER_EVENT.join(","),
        s3_configuration: expect.objectContaining({ ...buffer, prefix: "events/" }),
      }),
      "public.utm": expect.objectContaining({
        ...common,
        data_table_columns: UTM_EVENT.join(","),
        s3_configuration: expect.objectContaining({ ...buffer, prefix: "utm/" }),
      }),
    });
  });

  it("sizes each stream by a setting of its own", () => {
    const streams = Object.values<Json>(
      monitor({ user: { shardCount: 2 }, utm: { retentionHours: 48 } }).resource.aws_kinesis_stream,
    );
    expect(streams).toMatchObject([
      { stream_mode_details: { stream_mode: "PROVISIONED" }, shard_count: 2, retention_period: 24 },
      { stream_mode_details: { stream_mode: "ON_DEMAND" }, retention_period: 48 },
    ]);
  });

  it("reads the warehouse's values out of its state", () => {
    expect(Object.values(monitor().data.terraform_remote_state)).toMatchObject([
      { backend: "local", config: { path: "../../../.terraform-state/event-warehouse/terraform.tfstate" } },
    ]);
  });

  it("admits the one role of the warehouse's account to bucket and key, to read and no more", () => {
    const json = monitor();
    const copyRole = expect.stringMatching(
      /^\$\{data\.terraform_remote_state\..+_iam_rolewarehouse_copy-role_.+arn\}$/,
    );
    const only = { test: "ArnEquals", variable: "aws:PrincipalArn", values: [copyRole] };
    const account = [
      { type: "AWS", identifiers: [expect.stringMatching(/:iam::\$\{data\.terraform_remote_state\..+\}:root$/)] },
    ];
    const [bucket] = Object.keys(json.resource.aws_s3_bucket);
    const arn = `\${aws_s3_bucket.${bucket}.arn}`;
    expect(named(json, "RolesOfAnotherAccountList")).toEqual([
      {
        sid: "RolesOfAnotherAccountList",
        principals: account,
        actions: ["s3:GetBucketLocation", "s3:ListBucket"],
        resources: [arn],
        condition: [only],
      },
    ]);
    expect(named(json, "RolesOfAnotherAccountRead")).toEqual(
      expect.arrayContaining([
        {
          sid: "RolesOfAnotherAccountRead",
          principals: account,
          actions: ["s3:GetObject", "s3:GetObjectVersion"],
          resources: [`${arn}/*`],
          condition: [only],
        },
        {
          sid: "RolesOfAnotherAccountRead",
          principals: account,
          actions: ["kms:Decrypt"],
          resources: ["*"],
          condition: [
            only,
            {
              test: "StringEquals",
              variable: "kms:ViaService",
              values: [expect.stringMatching(/^s3\.\$\{data\.aws_region\..+\}\.amazonaws\.com$/)],
            },
          ],
        },
      ]),
    );
    expect(named(json, "RolesOfAnotherAccountRead")).toHaveLength(2);
  });

  it("admits nobody from outside when both are in one account", () => {
    for (const json of [monitor({ accounts: "same" }), warehouse({ accounts: "same" })]) {
      expect(statements(json).filter(({ sid = "" }) => sid.startsWith("RolesOfAnotherAccount"))).toEqual([]);
      expect(json).not.toHaveProperty("variable");
    }
  });

  it("works with a role that is given, and gives it nothing", () => {
    const ROLE = "arn:aws:iam::111111111111:role/delivery";
    const json = monitor({ deliveryRoleArn: ROLE });
    expect(Object.values(deliveries(json))).toMatchObject([{ role_arn: ROLE }, { role_arn: ROLE }]);
    expect(json.resource).not.toHaveProperty("aws_iam_role");
    expect(json.resource).not.toHaveProperty("aws_iam_role_policy");
  });

  it("moves files to an archive class after some days", () => {
    const [lifecycle] = Object.values<Json>(
      monitor({ archiveAfterDays: 30, archiveClass: "DEEP_ARCHIVE" }).resource.aws_s3_bucket_lifecycle_configuration,
    );
    expect(lifecycle.rule[0].transition).toEqual([{ days: 30, storage_class: "DEEP_ARCHIVE" }]);
  });

  it.each([
    [{ copyOptions: "json 'auto' delimiter '|'" }, /JSON and DELIMITER exclude each other/],
    [{ deliveryRoleArn: "delivery" }, /roleArn must be arn:aws:iam::ACCOUNT:role\/NAME, got "delivery"/],
    [{ user: { shardCount: 0 } }, /shardCount must be between 1 and 100000, got 0/],
    [{ utm: { retentionHours: 8761 } }, /retentionHours must be between 24 and 8760, got 8761/],
    [{ archiveAfterDays: 0 }, /archive.afterDays must be between 1 and 36500, got 0/],
  ])("refuses %j in one line", (events, message) => {
    expect(() => monitor(events)).toThrow(message);
    expect(() => monitor(events)).toThrow(/^event-monitor\/[^\n]+$/);
  });
});

describe("event-warehouse", () => {
  const roles = ["user", "utm"].map(
    (stream) =>
      expect.stringMatching(
        new RegExp(
          `^arn:\\$\\{.+\\}:iam::\\$\\{var\\.event_account_id\\}:role/redstream-events-${stream}-delivery-\\$\\{random_id\\.suffix\\.hex\\}$`,
        ),
      ) as unknown,
  );
  const only = { test: "ArnEquals", variable: "aws:PrincipalArn", values: roles };

  it("asks for the account of the events, which is nobody's setting, as 12 digits", () => {
    expect(warehouse().variable.event_account_id).toMatchObject({
      type: "string",
      validation: [
        { error_message: "event_account_id must be 12 digits: the account that event-monitor is applied to" },
      ],
    });
  });

  it("admits the two delivery roles of that account to the loading user's secret and its key, and nobody else", () => {
    const json = warehouse();
    const [secret] = Object.keys(json.resource.aws_secretsmanager_secret);
    expect(named(json, "RolesOfAnotherAccountRead")).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          actions: ["secretsmanager:GetSecretValue"],
          resources: [`\${aws_secretsmanager_secret.${secret}.arn}`],
          condition: [only],
        }),
        expect.objectContaining({
          actions: ["kms:Decrypt"],
          condition: [only, expect.objectContaining({ variable: "kms:ViaService" })],
        }),
      ]),
    );
    expect(named(json, "RolesOfAnotherAccountRead")).toHaveLength(2);
    expect(Object.values(json.resource.aws_secretsmanager_secret_policy)).toMatchObject([
      { block_public_policy: true },
    ]);
  });

  it("admits the given role alone, where one is given", () => {
    const ROLE = "arn:aws:iam::111111111111:role/delivery";
    for (const { condition } of named(warehouse({ deliveryRoleArn: ROLE }), "RolesOfAnotherAccountRead")) {
      expect(condition[0].values).toEqual([ROLE]);
    }
  });

  it("makes tables with the events' fields, and the hour that a loader writes", () => {
    const columns = (file: string) =>
      [...readFileSync(`sql/events/${file}`, "utf8").matchAll(/^ {2}(\w+) +[A-Z]/gm)].map((match) => match[1]);
    expect(columns("001_create_events.sql")).toEqual([...USER_EVENT, "source_hour"]);
    expect(columns("002_create_utm.sql")).toEqual([...UTM_EVENT, "source_hour"]);
  });

  it.each(["provisioned", "serverless"])("stands on a %s warehouse, by the settings of the other one", (kind) => {
    const { output } = warehouse({}, { warehouse: { kind } });
    expect(output.warehouse_database.value).toBe("tracking");
    expect(output).toHaveProperty(kind === "serverless" ? "warehouse_workgroup" : "warehouse_cluster");
  });
});

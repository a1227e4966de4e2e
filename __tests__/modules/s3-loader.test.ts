import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { SfnStateMachine } from "@cdktf/provider-aws/lib/sfn-state-machine";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueuePolicy } from "@cdktf/provider-aws/lib/sqs-queue-policy";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import type { TerraformStack } from "cdktf";
import type { LoadTable } from "../../lambda-src/load/table";
import { readEnv } from "../../lambda-src/load-objects/config";
import { readEnv as readReplayEnv } from "../../lambda-src/replay/config";
import { readEnv as readSweepEnv } from "../../lambda-src/sweep-bucket/config";
import { Bucket } from "../../modules/bucket";
import { EncryptionKey } from "../../modules/encryption-key";
import { Alarms } from "../../modules/observability";
import { Replay } from "../../modules/replay";
import { type DriverLogin, type LoadTarget, loadsInto, S3Loader, type S3LoaderProps } from "../../modules/s3-loader";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let key: EncryptionKey;
let bucket: Bucket;
beforeEach(() => {
  stack = emptyStack();
  key = new EncryptionKey(stack, "key", { description: "test" });
  bucket = new Bucket(stack, "files", { name: "load-files-a1", key });
});

const KPIS: LoadTable = {
  name: "kpis",
  columns: ["kpi", "value"],
  copy: { format: "csv" },
  hourColumn: "source_hour",
};
const CLUSTER = "arn:aws:redshift:us-east-1:111122223333:cluster:laps-a1";
const WORKGROUP = "arn:aws:redshift-serverless:us-east-1:111122223333:workgroup/2b0e";

const target = (kind: "cluster" | "workgroup" = "cluster"): LoadTarget => ({
  database: "kpis",
  copyRole: serviceRole(stack, "copy-role", "redshift.amazonaws.com"),
  ...(kind === "cluster" ? { identifier: "laps-a1", arn: CLUSTER } : { workgroupName: "laps-a1", arn: WORKGROUP }),
});

const minimal = ({ target: to, ...over }: Partial<S3LoaderProps> = {}) => {
  const loader = new S3Loader(stack, "loader", {
    name: "load-a1",
    key,
    bucket,
    target: to ?? target(),
    tables: [KPIS],
    disposable: true,
    ...over,
  });
  loader.start();
  return loader;
};
const replay = (loader = minimal()) => new Replay(stack, "replay", { name: "replay-a1", key, loader, bucket });

const PARAMETER = "arn:aws:ssm:us-east-1:111122223333:parameter/migrate-a1/loader";
const driver = (): DriverLogin => ({
  region: "us-east-1",
  host: "laps-a1.abc.us-east-1.redshift.amazonaws.com",
  port: 5440,
  securityGroup: new SecurityGroup(stack, "warehouse-group", { name: "warehouse", vpcId: "vpc-1" }),
  parameter: { name: "/migrate-a1/loader", arn: PARAMETER },
});

/** References, as the synthesized JSON has them. */
const KEY = expect.stringMatching(/^\$\{aws_kms_key\.key_[0-9A-F]{8}\.arn\}$/);
const QUEUE = expect.stringMatching(/^\$\{aws_sqs_queue\.loader_queue_[0-9A-F]{8}\.arn\}$/);
const DEAD = expect.stringMatching(/^\$\{aws_sqs_queue\.loader_queue_dead-letters_.*\.arn\}$/);
const LEDGER = expect.stringMatching(/^\$\{aws_dynamodb_table\.loader_ledger_table_.*\.arn\}$/);
const FILES = expect.stringMatching(/^\$\{aws_s3_bucket\.files_bucket_[0-9A-F]{8}\.arn\}$/);
const filesUnder = (prefix: string) =>
  expect.stringMatching(new RegExp(`^\\$\\{aws_s3_bucket\\.files_bucket_[0-9A-F]{8}\\.arn\\}/${prefix}$`));
const OWN_STATEMENTS = {
  test: "StringEquals",
  variable: "redshift-data:statement-owner-iam-userid",
  values: ["&{aws:userid}"],
};

/** Logs and traces are lambda-function's own, and held by its tests. */
const rightsOf = (role: string) => statementsOf(stack, role).filter(({ actions }) => !/^(logs|xray):/.test(actions[0]));

const LOADING = [
  { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [filesUnder("\\*")] },
  { actions: ["s3:ListBucket"], resources: [FILES] },
  { actions: ["s3:PutObject"], resources: [filesUnder("\\.redstream/manifests/\\*")] },
  { actions: ["dynamodb:Query", "dynamodb:PutItem"], resources: [LEDGER] },
  { actions: ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], resources: [CLUSTER] },
  {
    actions: ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement"],
    resources: ["*"],
    condition: [OWN_STATEMENTS],
  },
  {
    actions: ["redshift:GetClusterCredentialsWithIAM"],
    resources: [
      expect.stringMatching(/^arn:\$\{.*partition\}:redshift:\$\{.*\.name\}:\$\{.*account_id\}:dbname:laps-a1\/kpis$/),
    ],
  },
];
const USE = { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [KEY] };
const DECRYPT = { actions: ["kms:Decrypt"], resources: [KEY] };

/** Order is the constructs' affair; that there is no other statement is the promise. */
const sorted = <T extends { actions: string[] }>(statements: readonly T[]) =>
  [...statements].sort((a, b) => (a.actions.join() < b.actions.join() ? -1 : 1));

describe("what the loader's functions may do", () => {
  it("load-objects: its bucket, its ledger, its queue, its warehouse, and no more", () => {
    minimal();
    const consume = [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes",
    ];
    expect(sorted(rightsOf("loader_load"))).toEqual(
      // The key: for the environment, for objects, for the ledger, for the queue.
      sorted([...LOADING, { actions: consume, resources: [QUEUE] }, USE, USE, USE, DECRYPT]),
    );
  });

  it("sweep-bucket: list its bucket, look into its ledger, send to its queue, and no more", () => {
    minimal();
    expect(sorted(rightsOf("loader_sweep_function"))).toEqual(
      sorted([
        { actions: ["s3:ListBucketVersions"], resources: [FILES] },
        { actions: ["dynamodb:BatchGetItem"], resources: [LEDGER] },
        { actions: ["sqs:SendMessage"], resources: [QUEUE] },
        USE,
        USE,
        DECRYPT,
      ]),
    );
  });

  it("replay: what loading takes, many items at once, listing versions, restoring from Glacier, and no more", () => {
    replay();
    expect(sorted(rightsOf("replay_function"))).toEqual(
      sorted([
        ...LOADING,
        { actions: ["dynamodb:BatchGetItem"], resources: [LEDGER] },
        { actions: ["s3:ListBucketVersions"], resources: [FILES] },
        { actions: ["s3:RestoreObject"], resources: [filesUnder("\\*")] },
        USE,
        USE,
        USE,
        DECRYPT,
      ]),
    );
  });

  it("on a Serverless workgroup: its credentials in place of the cluster's", () => {
    minimal({ target: target("workgroup") });
    const actions = rightsOf("loader_load").filter(({ actions: [action] }) => action.startsWith("redshift"));
    expect(actions).toEqual([
      { actions: ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], resources: [WORKGROUP] },
      expect.objectContaining({ condition: [OWN_STATEMENTS] }),
      { actions: ["redshift-serverless:GetCredentials"], resources: [WORKGROUP] },
    ]);
  });

  it("with a secret: read that one, in place of credentials by IAM", () => {
    const secretArn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:loader-AbCdEf";
    minimal({ secretArn });
    const rights = rightsOf("loader_load");
    expect(rights).toContainEqual({ actions: ["secretsmanager:GetSecretValue"], resources: [secretArn] });
    expect(rights.flatMap(({ actions }) => actions)).not.toContain("redshift:GetClusterCredentialsWithIAM");
    const [{ environment }] = resources(stack, LambdaFunction);
    expect(readEnv(environment.variables).reach).toMatchObject({ connection: { SecretArn: secretArn } });
  });

  it("with a parameter: read that one, under its own context of the key, and nothing of the Data API", () => {
    minimal({ driver: driver() });
    const own = { test: "StringEquals", variable: "kms:EncryptionContext:PARAMETER_ARN", values: [PARAMETER] };
    const consume = [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes",
    ];
    const rights = rightsOf("loader_load").filter(({ actions }) => !actions[0].startsWith("ec2:"));
    expect(sorted(rights)).toEqual(
      sorted([
        ...LOADING.filter(({ actions }) => !actions[0]!.startsWith("redshift")),
        { actions: ["ssm:GetParameter"], resources: [PARAMETER] },
        { actions: ["kms:Decrypt"], resources: [KEY], condition: [own] },
        { actions: consume, resources: [QUEUE] },
        USE,
        USE,
        USE,
        DECRYPT,
      ]),
    );
  });

  it("COPY: read the bucket, and no more", () => {
    minimal();
    expect(statementsOf(stack, "copy-role")).toEqual([
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [FILES] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [filesUnder("\\*")] },
      DECRYPT,
    ]);
  });

  it("the schedule: start the sweep; the state machines: call their one function", () => {
    replay();
    expect(rightsOf("sweep_schedule-role")).toEqual([
      {
        actions: ["states:StartExecution"],
        resources: [expect.stringMatching(/^\$\{aws_sfn_state_machine\.loader_sweep_machine_.*\.arn\}$/)],
      },
      DECRYPT,
    ]);
    for (const machine of ["loader_sweep_machine", "replay_machine"]) {
      expect(rightsOf(`${machine}_role`)).toEqual([
        { actions: ["lambda:InvokeFunction"], resources: [expect.stringMatching(/^\$\{aws_lambda_alias\..*\.arn\}$/)] },
      ]);
    }
  });

  it("the loading user in the warehouse: read, fill and replace rows of its tables, add to the record", () => {
    expect(loadsInto([KPIS, { ...KPIS, name: "views", schema: "web" }])).toEqual([
      { schema: "public", table: "kpis", privileges: ["SELECT", "INSERT", "DELETE"] },
      { schema: "web", table: "views", privileges: ["SELECT", "INSERT", "DELETE"] },
      { schema: "redstream", table: "loads", privileges: ["SELECT", "INSERT"] },
    ]);
  });
});

describe("S3Loader", () => {
  it("hears of every new object but those it writes itself", () => {
    minimal();
    expect(resources(stack, S3BucketNotification)).toMatchObject([{ eventbridge: true }]);
    expect(resources(stack, CloudwatchEventTarget)).toMatchObject([{ arn: QUEUE, dead_letter_config: { arn: DEAD } }]);
    const [rule] = resources(stack, CloudwatchEventRule);
    expect(JSON.parse(rule.event_pattern)).toEqual({
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: {
        bucket: { name: [expect.stringMatching(/^\$\{aws_s3_bucket\.files_bucket_.*\.bucket\}$/)] },
        object: { key: [{ "anything-but": { prefix: ".redstream/" } }] },
      },
    });
  });

  it("lets its own rule, and nobody else, put into its queues", () => {
    minimal();
    const documents = synthesized(stack).data.aws_iam_policy_document;
    const policies = resources(stack, SqsQueuePolicy).map(
      ({ policy }) => documents[/policy_document\.([^.]+)\.json/.exec(policy)![1]!].statement,
    );
    const admits = (queue: unknown) => [
      {
        sid: "NewObjects",
        principals: [{ type: "Service", identifiers: ["events.amazonaws.com"] }],
        actions: ["sqs:SendMessage"],
        resources: [queue],
        condition: [
          {
            test: "ArnEquals",
            variable: "aws:SourceArn",
            values: [expect.stringMatching(/^\$\{aws_cloudwatch_event_rule\..*\.arn\}$/)],
          },
        ],
      },
    ];
    expect(policies).toEqual([admits(DEAD), admits(QUEUE)]);
  });

  it("gathers a minute or a thousand files, tells failures apart, and waits for six timeouts before it tries again", () => {
    minimal();
    expect(resources(stack, LambdaEventSourceMapping)).toMatchObject([
      {
        batch_size: 1000,
        maximum_batching_window_in_seconds: 60,
        function_response_types: ["ReportBatchItemFailures"],
        scaling_config: { maximum_concurrency: 4 },
        function_name: expect.stringMatching(/^\$\{aws_lambda_alias\.loader_load_live_.*\.arn\}$/),
      },
    ]);
    const queues = resources(stack, SqsQueue);
    expect(queues.map(({ name }) => name)).toEqual(["load-a1", "load-a1-dead"]);
    expect(queues[0]).toMatchObject({ visibility_timeout_seconds: 6 * 300 + 60, message_retention_seconds: 1_209_600 });
    expect(queues[0].redrive_policy).toContain('"maxReceiveCount" = 10');
  });

  it("does not start before its tables and rights are there", () => {
    const made = new Bucket(stack, "tables", { name: "tables-a1", key }).bucket;
    const loader = new S3Loader(stack, "loader", {
      ...{ name: "load-a1", key, bucket, target: target(), tables: [KPIS], disposable: true },
    });
    loader.start(made);
    const [{ depends_on }] = resources(stack, LambdaEventSourceMapping);
    expect(depends_on).toContainEqual(expect.stringMatching(/^aws_s3_bucket\.tables_/));
    expect(depends_on).toContainEqual(expect.stringMatching(/^aws_iam_role_policy\.loader_load-sql_/));
  });

  it("keeps its ledger encrypted with the key, recoverable, and from deletion where data counts", () => {
    minimal({ disposable: false });
    expect(resources(stack, DynamodbTable)).toMatchObject([
      {
        billing_mode: "PAY_PER_REQUEST",
        hash_key: "object",
        range_key: "version",
        global_secondary_index: [
          { name: "rejects", hash_key: "table", range_key: "rejectedAt", projection_type: "ALL" },
        ],
        ttl: { attribute_name: "expiresAt", enabled: true },
        point_in_time_recovery: { enabled: true },
        server_side_encryption: { enabled: true, kms_key_arn: KEY },
        deletion_protection_enabled: true,
      },
    ]);
  });

  it("sweeps every hour", () => {
    minimal();
    expect(resources(stack, SchedulerSchedule)).toMatchObject([{ schedule_expression: "rate(60 minutes)" }]);
  });

  it("gives its functions environments that they can read", () => {
    replay(minimal({ ignoredPrefixes: ["tmp/"], maxBytesMb: 10, maxFiles: 20 }));
    const environments = resources(stack, LambdaFunction).map(({ environment }) => environment.variables);
    // Names of other resources are known to Terraform only.
    const [load, sweep, again] = environments;
    expect(readEnv(load)).toMatchObject({
      tables: [KPIS],
      reach: { connection: { ClusterIdentifier: "laps-a1", Database: "kpis" } },
      copyRole: "default",
      maxFiles: 20,
      maxBytes: 10 * 1024 * 1024,
      leaseMilliseconds: 300_000,
      finishedDays: 90,
      ignoredPrefixes: [".redstream/", "tmp/"],
    });
    expect(readSweepEnv(sweep)).toMatchObject({
      lookbackMilliseconds: 7 * 86_400_000,
      minAgeMilliseconds: 900_000,
      ignoredPrefixes: [".redstream/", "tmp/"],
    });
    expect(readReplayEnv(again)).toMatchObject({ tables: [KPIS], leaseMilliseconds: 900_000, restoreDays: 3 });
  });

  it("raises an alarm for dead letters, rejects, messages that wait, errors and failed runs", () => {
    const alarms = new Alarms(stack, "alarms", { name: "alarms-a1", key });
    new Replay(stack, "replay", { name: "replay-a1", key, loader: minimal({ alarms }), bucket, alarms });
    const made = resources(stack, CloudwatchMetricAlarm);
    expect(made.map(({ alarm_name, metric_name, threshold }) => [alarm_name, metric_name, threshold]).sort()).toEqual([
      ["alarms-a1-load-dead-letters", "ApproximateNumberOfMessagesVisible", 0],
      ["alarms-a1-load-errors", "Errors", 0],
      ["alarms-a1-load-rejects", "Rejects/load-a1", 0],
      ["alarms-a1-load-waits", "ApproximateAgeOfOldestMessage", 3720],
      ["alarms-a1-replay-aborted", "ExecutionsAborted", 0],
      ["alarms-a1-replay-errors", "Errors", 0],
      ["alarms-a1-replay-failed", "ExecutionsFailed", 0],
      ["alarms-a1-replay-timedout", "ExecutionsTimedOut", 0],
      ["alarms-a1-sweep-aborted", "ExecutionsAborted", 0],
      ["alarms-a1-sweep-errors", "Errors", 0],
      ["alarms-a1-sweep-failed", "ExecutionsFailed", 0],
      ["alarms-a1-sweep-timedout", "ExecutionsTimedOut", 0],
    ]);
    const topic = [expect.stringMatching(/^\$\{aws_sns_topic\..*\.arn\}$/)];
    for (const alarm of made) expect(alarm).toMatchObject({ alarm_actions: topic, treat_missing_data: "notBreaching" });
  });

  it.each<[Partial<S3LoaderProps>, string]>([
    [{ maxFiles: 0 }, "maxFiles must be between 1 and 10000, got 0"],
    [{ maxFiles: 10_001 }, "maxFiles must be between 1 and 10000, got 10001"],
    [{ maxWaitSeconds: 301 }, "maxWaitSeconds must be between 0 and 300, got 301"],
    [
      { maxFiles: 11, maxWaitSeconds: 0 },
      "maxFiles 11 needs maxWaitSeconds of at least 1: without waiting SQS hands over at most 10 messages at once",
    ],
    [{ timeoutSeconds: 901 }, "timeoutSeconds must be between 60 and 900, got 901"],
    [{ maxConcurrency: 1 }, "maxConcurrency must be between 2 and 1000, got 1"],
    [{ maxReceives: 4 }, "maxReceives must be between 5 and 1000, got 4"],
    [{ maxBytesMb: 0.5 }, "maxBytesMb must be between 1 and 1073741824, got 0.5"],
    [
      { ledgerDays: 35 },
      "ledgerDays must be more than 35, sweepLookbackDays 7 and the 28 days that messages can wait, got 35: what the ledger has forgotten would be loaded twice",
    ],
    [
      { sweepLookbackDays: 62 },
      "ledgerDays must be more than 90, sweepLookbackDays 62 and the 28 days that messages can wait, got 90: what the ledger has forgotten would be loaded twice",
    ],
    [{ tables: [] }, "tables must name at least one table"],
    [
      { tables: [{ ...KPIS, dedupKey: ["day"] }] },
      "tables: table kpis: dedupKey day is not among its columns kpi, value",
    ],
    [
      { tables: [{ ...KPIS, name: 'kpis"; DROP TABLE x; --' }] },
      'tables: table kpis"; DROP TABLE x; --: name must be 1 to 127 lower-case letters, digits and underscores, not a digit first, got "kpis\\"; DROP TABLE x; --"',
    ],
    [
      { tables: Array.from({ length: 40 }, (_, n) => ({ ...KPIS, name: `kpis_${n}` })) },
      "tables make 3831 bytes of JSON, at most 3072 go into a function's environment; spread them over several loaders",
    ],
  ])("refuses what AWS or the ledger could not hold (%#)", (over, message) => {
    expect(() => minimal(over)).toThrow(new Error(`t/loader: ${message}`));
  });

  it("refuses a sweep more often than every minute or less than every day", () => {
    expect(() => minimal({ sweepEveryMinutes: 0 })).toThrow(
      new Error("t/loader/sweep: sweepEveryMinutes must be between 1 and 1440, got 0"),
    );
  });
});

describe("Replay", () => {
  it("names its role where the other account's policies name it beforehand", () => {
    new Replay(stack, "replay", { name: "replay-a1", roleName: "replays", key, loader: minimal(), bucket });
    const named = resources(stack, IamRole).filter(({ name }) => name !== undefined);
    expect(named).toMatchObject([{ name: "replays" }]);
  });

  const states = (index: number) => {
    const definition = JSON.parse(resources(stack, SfnStateMachine)[index].definition);
    return definition.States;
  };

  it("plans, restores what must be and waits, then loads until no hour is left", () => {
    replay();
    const next = Object.fromEntries(
      Object.entries<{ Next?: string; Choices?: { Next: string }[]; Default?: string }>(states(1)).map(
        ([name, { Next, Choices = [], Default }]) => [
          name,
          [Next, ...Choices.map((c) => c.Next), Default].filter(Boolean),
        ],
      ),
    );
    expect(next).toEqual({
      Plan: ["DryRun"],
      DryRun: ["Done", "NeedsGlacier"],
      NeedsGlacier: ["Load", "Restore"],
      Restore: ["Restored"],
      Restored: ["Load", "WaitForGlacier"],
      WaitForGlacier: ["Status"],
      Status: ["Restored"],
      Load: ["Loaded"],
      Loaded: ["Done", "Busy"],
      Busy: ["WaitForOther", "Load"],
      WaitForOther: ["Load"],
      Done: [],
    });
  });

  it("tries again what failed, but not what the function refuses", () => {
    replay();
    expect(states(1).Load.Retry).toMatchObject([
      { ErrorEquals: ["ReplayRefused"], MaxAttempts: 0 },
      { ErrorEquals: ["States.ALL"], MaxAttempts: 6 },
    ]);
  });
});

describe("functions that log in with a parameter", () => {
  it("run inside of the warehouse's VPC, and find it by host, port and parameter", () => {
    replay(minimal({ driver: driver() }));
    const [load, sweep, again] = resources(stack, LambdaFunction);
    const reach = {
      by: "driver",
      host: "laps-a1.abc.us-east-1.redshift.amazonaws.com",
      port: 5440,
      database: "kpis",
      parameter: "/migrate-a1/loader",
      // Only a local run's emulator says otherwise: no function's configuration does.
      local: undefined,
    };
    expect(readEnv(load.environment.variables).reach).toEqual(reach);
    expect(readReplayEnv(again.environment.variables).reach).toEqual(reach);
    const inside = {
      subnet_ids: [
        expect.stringContaining("loader_inside_subnet-1"),
        expect.stringContaining("loader_inside_subnet-2"),
      ],
      security_group_ids: [expect.stringContaining("loader_inside_security-group")],
    };
    expect(load.vpc_config).toEqual(inside);
    expect(again.vpc_config).toEqual(inside);
    expect(sweep).not.toHaveProperty("vpc_config");
  });

  it("reach the bucket, the ledger, the parameter and the warehouse's port, and nothing else", () => {
    minimal({ driver: driver() });
    expect(
      resources(stack, VpcEndpoint).map(({ service_name, vpc_endpoint_type }) => [service_name, vpc_endpoint_type]),
    ).toEqual([
      ["com.amazonaws.us-east-1.dynamodb", "Gateway"],
      ["com.amazonaws.us-east-1.s3", "Gateway"],
      ["com.amazonaws.us-east-1.ssm", "Interface"],
    ]);
    const from = resources(stack, VpcSecurityGroupEgressRule).map((rule) => [
      rule.from_port,
      rule.prefix_list_id ?? rule.referenced_security_group_id,
    ]);
    expect(from).toEqual([
      [5440, expect.stringMatching(/warehouse-group/)],
      [443, expect.stringMatching(/loader_inside_ssm-security-group_/)],
      [443, expect.stringMatching(/loader_inside_dynamodb_.*prefix_list_id/)],
      [443, expect.stringMatching(/loader_inside_s3_.*prefix_list_id/)],
    ]);
    const into = resources(stack, VpcSecurityGroupIngressRule).map((rule) => [rule.from_port, rule.security_group_id]);
    expect(into).toEqual([
      [5440, expect.stringMatching(/warehouse-group/)],
      [443, expect.stringMatching(/loader_inside_ssm-security-group_/)],
    ]);
    const documents = Object.entries<{ statement: object[] }>(synthesized(stack).data.aws_iam_policy_document)
      .filter(([id]) => id.includes("loader_inside"))
      .flatMap(([, { statement }]) => statement);
    const bounded = (actions: string[], on: unknown[]) =>
      expect.objectContaining({ principals: [{ type: "*", identifiers: ["*"] }], actions, resources: on });
    expect(documents).toEqual([
      bounded(["dynamodb:Query", "dynamodb:PutItem", "dynamodb:BatchGetItem"], [LEDGER]),
      bounded(
        [
          "s3:GetObject",
          "s3:GetObjectVersion",
          "s3:PutObject",
          "s3:RestoreObject",
          "s3:ListBucket",
          "s3:ListBucketVersions",
        ],
        [FILES, filesUnder("\\*")],
      ),
      bounded(["ssm:GetParameter"], [PARAMETER]),
    ]);
  });

  it("have one place for the password", () => {
    expect(() => minimal({ driver: driver(), secretArn: "arn:secret" })).toThrow(
      "secretArn must be left out with driver, which reads its parameter",
    );
  });
});

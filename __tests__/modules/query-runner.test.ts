import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { TerraformStack } from "cdktf";
import { readEvent } from "../../lambda-src/run-migrations/event";
import { checksumOf } from "../../lambda-src/run-migrations/migration";
import { EncryptionKey } from "../../modules/encryption-key";
import { namesColumn, QueryRunner, type QueryRunnerProps } from "../../modules/query-runner";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
let sqlFolder: string;
beforeEach(() => {
  stack = emptyStack();
  sqlFolder = mkdtempSync(path.join(tmpdir(), "redstream-sql-"));
  mkdirSync(path.join(sqlFolder, "laps"));
  write("001_create.sql", "CREATE TABLE laps (speed FLOAT8);\n");
});
afterEach(() => rmSync(sqlFolder, { recursive: true }));
const write = (name: string, sql: string) => writeFileSync(path.join(sqlFolder, "laps", name), sql);

const target = {
  identifier: "laps-a1",
  arn: "arn:aws:redshift:us-east-1:111122223333:cluster:laps-a1",
  database: "telemetry",
  adminSecretArn: "arn:aws:secretsmanager:us-east-1:111122223333:secret:admin",
};
const minimal = (over: Partial<QueryRunnerProps> = {}) =>
  new QueryRunner(stack, "runner", {
    name: "migrate-a1",
    target,
    key: new EncryptionKey(stack, "key", { description: "test" }),
    dataset: "laps",
    sqlFolder,
    table: "laps",
    ...over,
  });
const input = () => JSON.parse(resources(stack, LambdaInvocation)[0].input);

describe("QueryRunner", () => {
  it("hands the files over in order, with checksums, and the user that loads", () => {
    write("002_more.sql", "SELECT 1;\n");
    minimal();
    expect(input()).toEqual({
      dataset: "laps",
      migrations: [
        {
          name: "001_create.sql",
          sql: "CREATE TABLE laps (speed FLOAT8);\n",
          checksum: checksumOf("CREATE TABLE laps (speed FLOAT8);\n"),
        },
        { name: "002_more.sql", sql: "SELECT 1;\n", checksum: checksumOf("SELECT 1;\n") },
      ],
      users: [
        {
          name: "firehose_loader",
          secretArn: expect.stringMatching(/^\$\{aws_secretsmanager_secret\..*\.arn\}$/),
          grants: [{ schema: "public", table: "laps", privileges: ["INSERT"] }],
        },
      ],
    });
  });

  it("writes an input that the function takes", () => {
    minimal();
    expect(readEvent(input()).migrations).toHaveLength(1);
  });

  it("writes the same input from a checkout with CRLF", () => {
    minimal();
    const before = resources(stack, LambdaInvocation)[0].input;
    write("001_create.sql", "CREATE TABLE laps (speed FLOAT8);\r\n");
    stack = emptyStack();
    minimal();
    expect(resources(stack, LambdaInvocation)[0].input).toBe(before);
  });

  it("runs again, by replacement, when the files change or the warehouse is made anew, and for nothing else", () => {
    minimal();
    expect(resources(stack, LambdaInvocation)).toMatchObject([
      {
        lifecycle_scope: "CREATE_ONLY",
        qualifier: expect.stringMatching(/^\$\{aws_lambda_alias\..*\.name\}$/),
        triggers: { warehouse: target.adminSecretArn },
      },
    ]);
  });

  it("changes nothing but the invocation when a file is added", () => {
    minimal();
    const before = synthesized(stack);
    write("002_more.sql", "SELECT 1;\n");
    stack = emptyStack();
    minimal();
    const after = synthesized(stack);
    expect(after).not.toEqual(before);
    for (const json of [before, after]) {
      for (const invocation of Object.values<{ input?: string }>(json.resource.aws_lambda_invocation))
        delete invocation.input;
    }
    expect(after).toEqual(before);
  });

  it("waits for the rights of the function", () => {
    minimal();
    expect(resources(stack, LambdaInvocation)[0].depends_on).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\.runner_run-sql/),
    ]);
  });

  it("runs on a Serverless workgroup by its name, and may submit to that one only", () => {
    const arn = "arn:aws:redshift-serverless:us-east-1:111122223333:workgroup/2b0e";
    const { database, adminSecretArn } = target;
    minimal({ target: { workgroupName: "laps-a1", arn, database, adminSecretArn } });
    expect(resources(stack, LambdaFunction)[0].environment).toEqual({
      variables: { WORKGROUP_NAME: "laps-a1", DATABASE: "telemetry", ADMIN_SECRET_ARN: target.adminSecretArn },
    });
    expect(statementsOf(stack, "runner_function")).toContainEqual({
      actions: ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"],
      resources: [arn],
    });
  });

  it("may run SQL on this cluster, follow its own statements, read the admin's secret and write the loader's, and no more", () => {
    minimal();
    const loaderSecret = expect.stringMatching(/^\$\{aws_secretsmanager_secret\.runner_loader-secret.*\.arn\}$/);
    const key = expect.stringMatching(/^\$\{aws_kms_key\..*\.arn\}$/);
    // Logs and traces are lambda-function's own, and held by its tests.
    const withoutLogs = statementsOf(stack, "runner_function").filter(
      ({ actions }) => !/^(logs|xray):/.test(actions[0]),
    );
    const use = { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [key] };
    expect(withoutLogs).toEqual(
      expect.arrayContaining([
        { actions: ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], resources: [target.arn] },
        {
          actions: [
            "redshift-data:DescribeStatement",
            "redshift-data:GetStatementResult",
            "redshift-data:CancelStatement",
          ],
          resources: ["*"],
          condition: [
            { test: "StringEquals", variable: "redshift-data:statement-owner-iam-userid", values: ["&{aws:userid}"] },
          ],
        },
        { actions: ["secretsmanager:GetSecretValue"], resources: [target.adminSecretArn] },
        { actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], resources: [loaderSecret] },
        use,
      ]),
    );
    // The key twice: for the environment, by lambda-function, and for the secrets, here.
    expect(withoutLogs).toHaveLength(6);
    expect(withoutLogs.filter(({ actions }) => actions[0] === "kms:Decrypt")).toEqual([use, use]);
  });

  it("hands over roles that log in by IAM, each with its grants, and makes them no secret", () => {
    const grants = [{ schema: "public", table: "laps", privileges: ["SELECT", "INSERT", "DELETE"] as const }];
    minimal({ table: undefined, iamRoles: [{ roleName: "load-a1", grants }] });
    expect(readEvent(input()).users).toEqual([{ name: "IAMR:load-a1", grants }]);
    expect(resources(stack, SecretsmanagerSecret)).toEqual([]);
    expect(statementsOf(stack, "runner_function").flatMap(({ actions }) => actions)).not.toContain(
      "secretsmanager:PutSecretValue",
    );
  });

  it("gives one loading user several tables", () => {
    write("002_more.sql", "CREATE TABLE pits (stop INT);\n");
    minimal({ table: ["laps", "pits"] });
    expect(input().users[0].grants).toEqual([
      { schema: "public", table: "laps", privileges: ["INSERT"] },
      { schema: "public", table: "pits", privileges: ["INSERT"] },
    ]);
  });

  it("refuses grants on a table that no file makes, and has no secret without a loading user", () => {
    const grants = [{ schema: "public", table: "lap", privileges: ["INSERT"] as const }];
    expect(() => minimal({ iamRoles: [{ roleName: "load-a1", grants }] })).toThrow(
      new Error(
        `t/runner: iamRoles must name tables that ${sqlFolder}/laps makes, got "lap", which none of its files names`,
      ),
    );
    stack = emptyStack();
    const runner = minimal({ table: undefined });
    expect(() => runner.userSecretArn).toThrow("t/runner: table must be given for a loading user with a secret");
  });

  it("makes the loader's secret without a value, encrypted, deleted at once in dev", () => {
    minimal();
    expect(resources(stack, SecretsmanagerSecret)).toMatchObject([
      { name: "migrate-a1-loader", recovery_window_in_days: 0, kms_key_id: expect.stringContaining("aws_kms_key") },
    ]);
    expect(synthesized(stack).resource).not.toHaveProperty("aws_secretsmanager_secret_version");
  });

  it("keeps a deleted secret for 30 days in prod", () => {
    minimal({ profile: "prod" });
    expect(resources(stack, SecretsmanagerSecret)).toMatchObject([{ recovery_window_in_days: 30 }]);
  });

  it("gives the function its warehouse and 840 seconds", () => {
    minimal();
    expect(resources(stack, LambdaFunction)).toMatchObject([
      {
        timeout: 840,
        environment: {
          variables: { CLUSTER_IDENTIFIER: "laps-a1", DATABASE: "telemetry", ADMIN_SECRET_ARN: target.adminSecretArn },
        },
      },
    ]);
  });

  it.each<[Partial<QueryRunnerProps>, string]>([
    [{ dataset: "Laps" }, 'dataset must be a-z, 0-9 and _, a letter first, got "Laps"'],
    [{ table: 'laps"; --' }, 'table must be 1 to 127 of a-z, 0-9 and _, a letter or _ first, got "laps\\"; --"'],
    [{ schema: "a.b" }, 'schema must be 1 to 127 of a-z, 0-9 and _, a letter or _ first, got "a.b"'],
    [{ loader: "IAMR:x" }, 'loader must be 1 to 127 of a-z, 0-9 and _, a letter or _ first, got "IAMR:x"'],
    [{ loader: "public" }, 'loader must not be "public", which Redshift keeps for everybody'],
    [{ timeoutSeconds: 900 }, "timeoutSeconds must be between 60 and 899, got 900"],
    [{ timeoutSeconds: 59 }, "timeoutSeconds must be between 60 and 899, got 59"],
    [{ profile: "test" as "dev" }, 'profile must be one of dev, prod, got "test"'],
  ])("refuses %j", (over, message) => {
    expect(() => minimal(over)).toThrow(new Error(`t/runner: ${message}`));
  });

  it("refuses a table that no file makes", () => {
    expect(() => minimal({ table: "lap" })).toThrow(
      new Error(`t/runner: table must be one that ${sqlFolder}/laps makes, got "lap", which none of its files names`),
    );
  });

  it.each<[string, string, string, string]>([
    [
      "a name without a number",
      "create.sql",
      "SELECT 1",
      "/create.sql must be named three digits, then lower-case words joined by underscores, such as 001_create_table.sql",
    ],
    ["a gap", "003_c.sql", "SELECT 1", ": 002 is missing: the next file is 003_c.sql"],
    ["a number used twice", "001_again.sql", "SELECT 1", ": 001_again.sql and 001_create.sql have the same number"],
    ["a file that cannot be split", "002_b.sql", "SELECT 'a", "/002_b.sql: the string that opens in line 1 has no end"],
    [
      "a statement that breaks the transaction",
      "002_b.sql",
      "COMMIT",
      "/002_b.sql: statement 1 is COMMIT, which cannot be part of the transaction that applies and records the file",
    ],
    [
      "what Terraform would replace",
      "002_b.sql",
      "SELECT '${x}'",
      "/002_b.sql must not hold ${ or %{, which Terraform reads as its own",
    ],
    [
      "a rule that makes synth slow",
      "002_b.sql",
      `--${"-".repeat(3000)}\nSELECT 1`,
      "/002_b.sql holds a line of more than 2000 digits, points or hyphens; shorten it",
    ],
  ])("refuses files with %s", (_, name, sql, message) => {
    write(name, sql);
    expect(() => minimal()).toThrow(new Error(`t/runner: ${sqlFolder}/laps${message}`));
  });

  it("refuses a dataset without a folder, and a folder without files", () => {
    expect(() => minimal({ dataset: "nothing" })).toThrow(
      new Error(`t/runner: dataset: folder ${sqlFolder}/nothing does not exist`),
    );
    stack = emptyStack();
    rmSync(path.join(sqlFolder, "laps", "001_create.sql"));
    expect(() => minimal()).toThrow(
      new Error(`t/runner: dataset: folder ${sqlFolder}/laps holds no numbered .sql file`),
    );
  });

  it("runs another dataset behind its own, with the same function, under its own name and for nobody", () => {
    mkdirSync(path.join(sqlFolder, "laps_hours"));
    writeFileSync(path.join(sqlFolder, "laps_hours", "001_hours.sql"), "SELECT 1;\n");
    minimal().runBehind("laps_hours");
    const [behind, own, ...more] = resources(stack, LambdaInvocation);
    expect(more).toEqual([]);
    expect(readEvent(JSON.parse(behind.input))).toEqual({
      dataset: "laps_hours",
      migrations: [{ name: "001_hours.sql", sql: "SELECT 1;\n" }],
      users: [],
    });
    const { input: _, depends_on, ...same } = behind;
    expect(depends_on).toEqual([expect.stringMatching(/^aws_lambda_invocation\.runner_run_/)]);
    expect(own).toMatchObject(same);
  });

  it("refuses another dataset without a folder, or by a name that is none", () => {
    const runner = minimal();
    expect(() => runner.runBehind("nothing")).toThrow(
      new Error(`t/runner: dataset: folder ${sqlFolder}/nothing does not exist`),
    );
    expect(() => runner.runBehind("../laps")).toThrow(
      new Error('t/runner: dataset must be a-z, 0-9 and _, a letter first, got "../laps"'),
    );
  });

  it("passes over what lies beside the numbered files", () => {
    write("README.md", "words");
    mkdirSync(path.join(sqlFolder, "laps", "queries"));
    writeFileSync(path.join(sqlFolder, "laps", "queries", "top.sql"), "SELECT 1");
    minimal();
    expect(input().migrations).toHaveLength(1);
  });

  it("keeps long SQL quick to synthesize", () => {
    write(
      "002_long.sql",
      `-- ${"-".repeat(100)}\n${"INSERT INTO laps VALUES (1.25); ".repeat(30)}`.repeat(1) +
        `-- ${"word ".repeat(50_000)}`,
    );
    minimal();
    expect(input().migrations).toHaveLength(2);
  });
});

describe("a loading user whose password is in a parameter", () => {
  it("has a SecureString under the key, made without its password, and no secret", () => {
    minimal({ loaderIn: "parameter" });
    expect(resources(stack, SsmParameter)).toMatchObject([
      { name: "/migrate-a1/loader", type: "SecureString", value_wo: "none yet", value_wo_version: 1 },
    ]);
    expect(resources(stack, SecretsmanagerSecret)).toEqual([]);
    expect(input().users).toMatchObject([{ name: "firehose_loader", parameter: { name: expect.any(String) } }]);
    expect(() => readEvent(input())).not.toThrow();
  });

  it("is never written again by Terraform, which would empty it, and made anew with another key, behind which the migrations run again", () => {
    minimal({ loaderIn: "parameter" });
    const [{ key_id, lifecycle }] = resources(stack, SsmParameter);
    expect(lifecycle).toEqual({
      ignore_changes: ["description", "key_id", "value_wo", "value_wo_version"],
      replace_triggered_by: [expect.stringMatching(/^aws_kms_key\.key_[0-9A-F]{8}\.arn$/)],
    });
    expect(key_id).toBe(`\${${lifecycle.replace_triggered_by[0]}}`);
    expect(input().users).toMatchObject([{ parameter: { keyArn: key_id } }]);
  });

  it("is written by the function, which may do so to that one parameter", () => {
    minimal({ loaderIn: "parameter" });
    const arn = expect.stringMatching(/^\$\{aws_ssm_parameter\.runner_loader-parameter_.*\.arn\}$/);
    const statements = statementsOf(stack, "runner_function");
    expect(statements).toContainEqual({ actions: ["ssm:GetParameter", "ssm:PutParameter"], resources: [arn] });
    expect(statements).toContainEqual({
      actions: ["kms:Encrypt"],
      resources: [expect.stringMatching(/^\$\{aws_kms_key\./)],
      condition: [{ test: "StringEquals", variable: "kms:EncryptionContext:PARAMETER_ARN", values: [arn] }],
    });
    expect(statements.flatMap(({ actions }) => actions)).not.toContain("secretsmanager:PutSecretValue");
  });

  it("is not read by delivery streams of another account", () => {
    expect(() =>
      minimal({
        loaderIn: "parameter",
        secretReaders: { accountId: "111122223333", arns: ["arn:aws:iam::111122223333:role/r"] },
      }),
    ).toThrow('secretReaders is for loaderIn "secret", got "parameter"');
  });
});

describe("a column that something else relies on", () => {
  it("is looked for beside its table, in any file of the folders", () => {
    write("002_views.sql", "CREATE TABLE views (page VARCHAR(9));\n");
    write("003_hour.sql", "ALTER TABLE views ADD COLUMN Source_Hour TIMESTAMP;\n");
    const has = (table: string, column: string) => namesColumn(stack, [path.join(sqlFolder, "laps")], table, column);
    expect([has("laps", "speed"), has("views", "page"), has("views", "source_hour")]).toEqual([true, true, true]);
    expect([has("laps", "page"), has("laps", "source_hour"), has("view", "page")]).toEqual([false, false, false]);
  });
});

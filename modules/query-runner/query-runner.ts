import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { LambdaInvocation } from "@cdktf/provider-aws/lib/lambda-invocation";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretPolicy } from "@cdktf/provider-aws/lib/secretsmanager-secret-policy";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { RunMigrationsEnv } from "../../lambda-src/run-migrations/config";
import {
  type DatabaseUser,
  type Grant,
  NO_PASSWORD_YET,
  type RunMigrationsEvent,
} from "../../lambda-src/run-migrations/event";
import { namesIn } from "../../lambda-src/run-migrations/values";
import type { EncryptionKey } from "../encryption-key";
import { LambdaFunction } from "../lambda-function";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { admitted, type ForeignRoles } from "../support/foreign-roles";
import { allow } from "../support/iam";
import { readMigrations } from "./migration-files";

const PROFILES = ["dev", "prod"] as const;
const PASSWORD_PLACES = ["secret", "parameter"] as const;
const SUBMIT_ACTIONS = ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"];
const FOLLOW_ACTIONS = [
  "redshift-data:DescribeStatement",
  "redshift-data:GetStatementResult",
  "redshift-data:CancelStatement",
];
/** Lambda takes at most 6 MB of input. */
const INPUT_BYTES = 6 * 1024 * 1024;
const DATASET = /^[a-z][a-z0-9_]{0,126}$/;
const DATASET_RULE = "a-z, 0-9 and _, a letter first";
const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,126}$/;
const PLAIN_NAME_RULE = "1 to 127 of a-z, 0-9 and _, a letter or _ first";

/** The warehouse that the SQL runs on: a provisioned cluster (`RedshiftCluster` is one) or a workgroup (`RedshiftServerless`). */
export type SqlTarget = {
  /** ARN of the cluster or workgroup. */
  readonly arn: string;
  readonly database: string;
  /** Secret of the superuser. */
  readonly adminSecretArn: string;
} & ({ readonly identifier: string } | { readonly workgroupName: string });

/** A role that logs in by IAM, as the database user `IAMR:<roleName>`. */
export interface IamLogin {
  readonly roleName: string;
  readonly grants: readonly Grant[];
}

export interface QueryRunnerProps {
  /** Name of the function, 1 to 64 letters, digits, - and _; the loader's secret is `<name>-loader`. */
  readonly name: string;

  /** Where the SQL runs. */
  readonly target: SqlTarget;

  /** Key of the logs, the environment and the loader's secret; also the one that encrypts the superuser's secret. */
  readonly key: EncryptionKey;

  /** Folder of `sql/` with the numbered files, and the name under which they are recorded: a-z, 0-9 and _. */
  readonly dataset: string;

  /**
   * Folder that holds `dataset`, from the project's folder.
   *
   * @default "sql"
   */
  readonly sqlFolder?: string;

  /**
   * Values of the stack that the files name: `:'name'` becomes a string literal, `:"name"` an identifier. A changed value runs no file again.
   *
   * @default - none; the files are taken as they are
   */
  readonly values?: Readonly<Record<string, string>>;

  /**
   * Table, or tables, that the loading user may INSERT into. A migration of `dataset` must create each.
   *
   * @default - no loading user, and no secret
   */
  readonly table?: string | readonly string[];

  /**
   * Schema of `table`.
   *
   * @default "public"
   */
  readonly schema?: string;

  /**
   * Roles that log in by IAM through the Data API, each with its grants. They have no password and no secret.
   *
   * @default - none
   */
  readonly iamRoles?: readonly IamLogin[];

  /**
   * Grants of the loading user, in place of INSERT on `table`: for a loader that logs in by its secret.
   *
   * @default - INSERT on `table`
   */
  readonly loaderGrants?: readonly Grant[];

  /**
   * Database user that the delivery stream logs in as: 1 to 127 of a-z, 0-9 and _.
   *
   * @default "firehose_loader"
   */
  readonly loader?: string;

  /**
   * Where the loading user's password is: a secret, `<name>-loader`, or a SecureString of SSM, `/<name>/loader`. Delivery streams read secrets only.
   *
   * @default "secret"
   */
  readonly loaderIn?: (typeof PASSWORD_PLACES)[number];

  /**
   * Roles of another account that may read the loading user's secret: its delivery streams'. The key must admit them too.
   *
   * @default - nobody outside of this account
   */
  readonly secretReaders?: ForeignRoles;

  /**
   * What must be there before the SQL runs, such as the topic that a view reads.
   *
   * @default - nothing but what the other properties name
   */
  readonly waitFor?: readonly ITerraformDependable[];

  /**
   * `dev`: the loader's secret is deleted at once, so that destroy and apply under the same name work. `prod`: it can be brought back
   * for 30 days.
   *
   * @default "dev"
   */
  readonly profile?: (typeof PROFILES)[number];

  /**
   * Seconds all files together may take, 60 to 899. The function stops itself 15 s before, cancels what runs and says so.
   *
   * @default 840
   */
  readonly timeoutSeconds?: number;

  /**
   * Days the function's logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * Runs the numbered SQL files of a dataset as part of the apply and makes the database user that loads.
 *
 * A changed or new file replaces the invocation (one planned change, "must be replaced"). That is intended: the provider
 * records a replacement only once the new invocation has succeeded, so a failed run is tried again by the next apply, and files
 * already recorded in the warehouse are not run again. With `lifecycle_scope = "CRUD"` a failed update would be kept in the state as done.
 * Nothing runs on destroy.
 *
 * @example
 * const runner = new QueryRunner(this, "migrations", { name: `migrate-${suffix}`, target: cluster, key, dataset: "telemetry", table: "demo_cluster_dbtable" });
 * // the delivery stream: dependsOn: [runner.ready], secretArn: runner.userSecretArn
 */
export class QueryRunner extends Construct {
  /** The function, to be invoked by hand with another input. */
  readonly function: LambdaFunction;

  /** The run itself, for anything these props do not cover. */
  readonly invocation: LambdaInvocation;

  /** Secret of the loading user, where there is one. Terraform makes it empty; the function puts `{"username", "password"}` into it. */
  readonly userSecret: SecretsmanagerSecret | undefined;

  /** SecureString of the loading user, where its password is in one. Terraform makes it without a password; the function puts `{"username", "password"}` into it. */
  readonly userParameter: SsmParameter | undefined;

  private readonly props: QueryRunnerProps;

  constructor(scope: Construct, id: string, props: QueryRunnerProps) {
    super(scope, id);
    this.props = props;
    const dataset = checkMatch(this, "dataset", props.dataset, DATASET, DATASET_RULE);
    const tables = props.table === undefined ? [] : [props.table].flat();
    for (const table of tables) checkMatch(this, "table", table, PLAIN_NAME, PLAIN_NAME_RULE);
    const schema = checkMatch(this, "schema", props.schema ?? "public", PLAIN_NAME, PLAIN_NAME_RULE);
    const loader = checkMatch(this, "loader", props.loader ?? "firehose_loader", PLAIN_NAME, PLAIN_NAME_RULE);
    if (loader === "public")
      throw new ConfigError(this, `loader must not be "public", which Redshift keeps for everybody`);
    const profile = checkOneOf(this, "profile", props.profile ?? "dev", PROFILES);
    const timeoutSeconds = checkInteger(this, "timeoutSeconds", props.timeoutSeconds ?? 840, 60, 899);
    const folder = `${props.sqlFolder ?? "sql"}/${dataset}`;
    const migrations = readMigrations(this, folder);
    const named = (table: string) => migrations.some(({ sql }) => new RegExp(`\\b${table}\\b`, "i").test(sql));
    const unknown = tables.find((table) => !named(table));
    if (unknown !== undefined) {
      throw new ConfigError(
        this,
        `table must be one that ${folder} makes, got "${unknown}", which none of its files names`,
      );
    }
    const users: DatabaseUser[] = (props.iamRoles ?? []).map(({ roleName, grants }) => {
      for (const { table } of grants) checkGranted(this, folder, table, named(table), "iamRoles");
      return { name: `IAMR:${roleName}`, grants };
    });

    for (const { table } of props.loaderGrants ?? []) checkGranted(this, folder, table, named(table), "loaderGrants");
    const granted = props.loaderGrants ?? tables.map((table): Grant => ({ schema, table, privileges: ["INSERT"] }));
    const loaderIn = checkOneOf(this, "loaderIn", props.loaderIn ?? "secret", PASSWORD_PLACES);
    if (granted.length > 0 && loaderIn === "parameter") {
      if (props.secretReaders) throw new ConfigError(this, `secretReaders is for loaderIn "secret", got "parameter"`);
      this.userParameter = this.createParameter(props, loader);
      const parameter = { name: this.userParameter.name, keyArn: props.key.arn };
      users.unshift({ name: loader, parameter, grants: granted });
    } else if (granted.length > 0) {
      this.userSecret = new SecretsmanagerSecret(this, "loader-secret", {
        name: `${props.name}-loader`,
        description: `Database user ${loader} of ${granted.map(({ schema, table }) => `${schema}.${table}`).join(", ")}: {"username", "password"}, written by ${props.name}`,
        kmsKeyId: props.key.arn,
        recoveryWindowInDays: profile === "dev" ? 0 : 30,
      });
      if (props.secretReaders) this.admitToSecret(this.userSecret, props.secretReaders);
      users.unshift({ name: loader, secretArn: this.userSecret.arn, grants: granted });
    }
    const environment: RunMigrationsEnv = {
      ...("workgroupName" in props.target
        ? { WORKGROUP_NAME: props.target.workgroupName }
        : { CLUSTER_IDENTIFIER: props.target.identifier }),
      DATABASE: props.target.database,
      ADMIN_SECRET_ARN: props.target.adminSecretArn,
    };
    this.function = new LambdaFunction(this, "function", {
      name: props.name,
      source: "run-migrations",
      key: props.key,
      environment: { ...environment },
      timeoutSeconds,
      logRetentionDays: props.logRetentionDays,
    });
    const rights = this.grantSql(props);

    const values = this.checkedValues(folder, migrations, props.values);
    const input: RunMigrationsEvent = { dataset, migrations, users, ...(values ? { values } : {}) };
    this.invocation = this.run("run", input, [rights, ...(props.waitFor ?? [])]);
  }

  /** Wait for this before loading: the tables exist and the loading user can log in. */
  get ready(): ITerraformDependable {
    return this.invocation;
  }

  /** ARN of the loading user's secret, as `secrets_manager_configuration` takes it. */
  get userSecretArn(): string {
    if (!this.userSecret) throw new ConfigError(this, "table must be given for a loading user with a secret");
    return this.userSecret.arn;
  }

  /**
   * A password in the configuration would be in the state; a write-only value (Terraform 1.11) is in neither state nor plan, and this one is no password. What stands in the
   * parameter from the first run on is the function's: Terraform does not write it again.
   *
   * The provider updates no part of a parameter without its value, and a write-only one that it does not know is empty (seen with 5.100.0): AWS refuses that, and
   * the apply ends there. So a key that somebody else chose stays, as with a put that names none; and a key that is made anew makes the parameter anew, and
   * runs the migrations behind it, which then find no password and set one.
   */
  private createParameter({ name, key }: QueryRunnerProps, loader: string): SsmParameter {
    return new SsmParameter(this, "loader-parameter", {
      name: `/${name}/loader`,
      description: `Database user ${loader}: {"username", "password"}, written by ${name}`,
      type: "SecureString",
      keyId: key.arn,
      valueWo: NO_PASSWORD_YET,
      valueWoVersion: 1,
      lifecycle: {
        ignoreChanges: ["description", "key_id", "value_wo", "value_wo_version"],
        // The ARN alone: a key whose policy changes is the same key.
        replaceTriggeredBy: [`${key.key.terraformResourceType}.${key.key.friendlyUniqueId}.arn`],
      },
    });
  }

  /**
   * Runs the files of another dataset behind these: for what only one choice of the settings needs. They are numbered for themselves and recorded under
   * their own name, so that leaving the choice neither undoes them nor makes this dataset's history look cut.
   *
   * @returns what to wait for in place of `ready`
   */
  runBehind(dataset: string): ITerraformDependable {
    checkMatch(this, "dataset", dataset, DATASET, DATASET_RULE);
    const migrations = readMigrations(this, `${this.props.sqlFolder ?? "sql"}/${dataset}`);
    return this.run(`run-${dataset}`, { dataset, migrations, users: [] }, [this.invocation]);
  }

  private run(id: string, input: RunMigrationsEvent, dependsOn: ITerraformDependable[]): LambdaInvocation {
    return new LambdaInvocation(this, id, {
      functionName: this.function.fn.functionName,
      // The alias, so that the version just published runs, and so that a new version alone is no reason to run again.
      qualifier: this.function.alias.name,
      lifecycleScope: "CREATE_ONLY",
      input: this.written(input),
      // A cluster made anew is empty: its superuser's secret is another one, and everything is run again.
      triggers: { warehouse: this.props.target.adminSecretArn },
      dependsOn,
    });
  }

  /** The whole policy: it names one secret, so the resource is itself. */
  private admitToSecret(secret: SecretsmanagerSecret, readers: ForeignRoles): void {
    const { principals, only } = admitted(this, "readers-partition", readers);
    const document = new DataAwsIamPolicyDocument(this, "secret-readers", {
      statement: [
        {
          sid: "RolesOfAnotherAccountRead",
          principals,
          actions: ["secretsmanager:GetSecretValue"],
          resources: [secret.arn],
          condition: [only],
        },
      ],
    });
    new SecretsmanagerSecretPolicy(this, "secret-policy", {
      secretArn: secret.arn,
      policy: document.json,
      blockPublicPolicy: true,
    });
  }

  /** Every value that a file names must be given, and every one that is given must be named. */
  private checkedValues(
    folder: string,
    migrations: readonly { readonly sql: string }[],
    values: QueryRunnerProps["values"],
  ) {
    if (!values) return undefined;
    const named = [...new Set(migrations.flatMap(({ sql }) => namesIn(sql)))].sort();
    const given = Object.keys(values).sort();
    if (named.join() === given.join()) return values;
    throw new ConfigError(
      this,
      `values must be those that ${folder} names (${named.join(", ") || "none"}), got ${given.join(", ") || "none"}`,
    );
  }

  private grantSql({ target, key }: QueryRunnerProps) {
    return allow(
      this,
      "run-sql",
      this.function.role,
      { actions: SUBMIT_ACTIONS, on: [target.arn] },
      {
        // A statement has no ARN. It belongs to the session that submitted it, and the condition leaves only those.
        actions: FOLLOW_ACTIONS,
        on: ["*"],
        when: [
          { test: "StringEquals", variable: "redshift-data:statement-owner-iam-userid", values: ["&{aws:userid}"] },
        ],
      },
      { actions: ["secretsmanager:GetSecretValue"], on: [target.adminSecretArn] },
      ...(this.userSecret
        ? [{ actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], on: [this.userSecret.arn] }]
        : []),
      ...(this.userParameter
        ? [
            { actions: ["ssm:GetParameter", "ssm:PutParameter"], on: [this.userParameter.arn] },
            // SSM encrypts a standard parameter in the caller's name: https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
            {
              actions: ["kms:Encrypt"],
              on: [key.arn],
              when: [
                {
                  test: "StringEquals",
                  variable: "kms:EncryptionContext:PARAMETER_ARN",
                  values: [this.userParameter.arn],
                },
              ],
            },
          ]
        : []),
      // The function has it for its environment too; stated here so that the run waits for it.
      key.use,
    );
  }

  private written(input: RunMigrationsEvent): string {
    const text = JSON.stringify(input);
    const bytes = Buffer.byteLength(text);
    if (bytes > INPUT_BYTES) {
      throw new ConfigError(
        this,
        `the files of ${input.dataset} make an input of ${bytes} bytes, Lambda takes at most ${INPUT_BYTES}`,
      );
    }
    return text;
  }
}

/** A grant on what is not there fails the apply: said at synth. */
function checkGranted(
  scope: Construct,
  folder: string,
  table: string,
  named: boolean,
  prop: "iamRoles" | "loaderGrants",
): void {
  if (named) return;
  throw new ConfigError(
    scope,
    `${prop} must name tables that ${folder} makes, got "${table}", which none of its files names`,
  );
}

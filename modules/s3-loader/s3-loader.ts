import { CloudwatchLogMetricFilter } from "@cdktf/provider-aws/lib/cloudwatch-log-metric-filter";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { OWN_PREFIX } from "../../lambda-src/load/config";
import type { LoadTable } from "../../lambda-src/load/table";
import type { LoadObjectsEnv } from "../../lambda-src/load-objects/config";
import type { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { LambdaFunction, type LambdaFunctionProps } from "../lambda-function";
import type { Alarms } from "../observability";
import { ConfigError, checkInteger } from "../support/check";
import { allow } from "../support/iam";
import { checkBatching, checkMemory, checkTables } from "./checks";
import { type DriverLogin, Inside } from "./inside";
import { Ledger } from "./ledger";
import { ObjectQueue } from "./object-queue";
import { Sweep } from "./sweep";
import {
  allowLoad,
  allowLogin,
  type ForeignLoadTarget,
  isForeign,
  type LoadTarget,
  rolesOf,
  whereIs,
} from "./warehouse";

const MEGABYTE = 1024 * 1024;
/** AWS's rule: six times the function's timeout and the batching window, so that a slow call is not taken for a lost one. */
const VISIBILITY_TIMEOUTS = 6;

const DEFAULT_LOOKBACK_DAYS = 7;
const DEFAULT_LEDGER_DAYS = 90;

export interface S3LoaderProps {
  /** Starts the names of everything in it, 1 to 50 letters, digits, `-` and `_`. */
  readonly name: string;

  /** Key that encrypts queue, ledger, logs and environment. */
  readonly key: EncryptionKey;

  /** Bucket whose objects are loaded. It must be versioned (`Bucket` is), and its events go to EventBridge from now on. */
  readonly bucket: Bucket;

  /** The warehouse. The COPY role of one beside it is let read the bucket; one of another stack brings its own roles. */
  readonly target: LoadTarget | ForeignLoadTarget;

  /**
   * Name of the loading function's role, for a warehouse in another account whose policies name it beforehand.
   *
   * @default - one that Terraform makes
   */
  readonly roleName?: string;

  /** The allow-list: tables by the first part of a key. An object of another is set aside. At most 3 KB as JSON. */
  readonly tables: readonly LoadTable[];

  /**
   * Secret of Secrets Manager, `{"username", "password"}`, whose user loads. It must be encrypted with `key`.
   *
   * @default - no secret: each function logs in by IAM as the user of its own role
   */
  readonly secretArn?: string;

  /**
   * In place of the Data API: a connection to the warehouse by a driver, as the user of a SecureString of SSM, which must be encrypted with `key`. Then load and
   * replay run inside of the warehouse's VPC.
   *
   * @default - the Data API, which needs no network path
   */
  readonly driver?: DriverLogin;

  /** Whether the ledger may be destroyed with what it remembers. */
  readonly disposable: boolean;

  /**
   * Files in one COPY at most, 1 to 10,000. One message is about 1 KB and a call takes 6 MB of them: above about 4,000 a call is full before.
   *
   * @default 1000
   */
  readonly maxFiles?: number;

  /**
   * Megabytes in one COPY at most, at least 1; a bigger file goes alone.
   *
   * @default 1024
   */
  readonly maxBytesMb?: number;

  /**
   * Seconds that files are gathered for, 0 to 300. 0 does not gather, and goes with `maxFiles` up to 10 only.
   *
   * @default 60
   */
  readonly maxWaitSeconds?: number;

  /**
   * Seconds that a load may take, 60 to 900; a claim holds as long. A message whose load failed comes again after six times that.
   *
   * @default 300
   */
  readonly timeoutSeconds?: number;

  /**
   * Loads at once, 2 to 1000. Two loads of one table wait for each other's last step.
   *
   * @default 4
   */
  readonly maxConcurrency?: number;

  /**
   * How often a load is tried before its message goes to the dead-letter queue, 5 to 1000.
   *
   * @default 10
   */
  readonly maxReceives?: number;

  /**
   * Days for which the ledger remembers what is loaded: more than `sweepLookbackDays` and the 28 days that messages can wait.
   *
   * @default 90
   */
  readonly ledgerDays?: number;

  /**
   * Days that the sweep looks back for objects whose event was lost, at least 1.
   *
   * @default 7
   */
  readonly sweepLookbackDays?: number;

  /**
   * Minutes between two sweeps, 1 to 1440.
   *
   * @default 60
   */
  readonly sweepEveryMinutes?: number;

  /**
   * Seconds that the sweep leaves an object to its event, at least 0.
   *
   * @default 900
   */
  readonly sweepMinAgeSeconds?: number;

  /**
   * Starts of keys that are nobody's table: neither loaded nor set aside.
   *
   * @default - none (`.redstream/`, where manifests are, is always passed over)
   */
  readonly ignoredPrefixes?: readonly string[];

  /**
   * Where alarms go: dead letters, messages that wait for long, errors, sweeps that failed.
   *
   * @default - no alarms
   */
  readonly alarms?: Alarms;

  /**
   * Days the functions' logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * Objects of a bucket into tables of a warehouse, each version once: S3 tells EventBridge, a queue gathers, a function loads many files with one COPY, a
 * ledger remembers, and a sweep finds what events missed.
 *
 * A bad file is set aside with its reason and stops no other. What fails for another reason is tried again, and at last waits in the dead-letter
 * queue, which an alarm tells of. Give the role of `function` its grants by the migrations, and call `start` with what makes them.
 *
 * @example
 * const loader = new S3Loader(this, "loader", { name: nameOf("load"), key, bucket, target: warehouse, tables, disposable: true });
 * const migrations = new QueryRunner(this, "migrations", { ..., iamRoles: [{ roleName: loader.role.name, grants: loadsInto(tables) }] });
 * loader.start(migrations.ready);
 */
export class S3Loader extends Construct {
  readonly queue: ObjectQueue;
  readonly ledger: Ledger;
  readonly function: LambdaFunction;
  readonly sweep: Sweep;

  /** Environment of whatever loads the same way: replay. */
  readonly environment: LoadObjectsEnv;

  private readonly props: S3LoaderProps;
  private readonly inside: Inside | undefined;

  constructor(scope: Construct, id: string, props: S3LoaderProps) {
    super(scope, id);
    this.props = props;
    const { name, key, bucket, target } = props;
    const maxFiles = props.maxFiles ?? 1000;
    const maxWaitSeconds = props.maxWaitSeconds ?? 60;
    checkBatching(this, { maxFiles, maxWaitSeconds });
    const maxBytesMb = checkInteger(this, "maxBytesMb", props.maxBytesMb ?? 1024, 1, 1024 * MEGABYTE);
    const timeoutSeconds = checkInteger(this, "timeoutSeconds", props.timeoutSeconds ?? 300, 60, 900);
    const maxReceives = checkInteger(this, "maxReceives", props.maxReceives ?? 10, 5, 1000);
    const lookback = props.sweepLookbackDays ?? DEFAULT_LOOKBACK_DAYS;
    const ledgerDays = props.ledgerDays ?? DEFAULT_LEDGER_DAYS;
    checkMemory(this, ledgerDays, lookback);
    checkInteger(this, "maxConcurrency", props.maxConcurrency ?? 4, 2, 1000);
    const tables = checkTables(this, props.tables);

    this.ledger = new Ledger(this, "ledger", { name: `${name}-ledger`, key, disposable: props.disposable });
    this.queue = new ObjectQueue(this, "queue", {
      name,
      bucket,
      except: OWN_PREFIX,
      key,
      visibilityTimeoutSeconds: VISIBILITY_TIMEOUTS * timeoutSeconds + maxWaitSeconds,
      maxReceives,
    });
    const ignored = props.ignoredPrefixes ?? [];
    this.environment = {
      BUCKET: bucket.name,
      LEDGER_TABLE: this.ledger.name,
      TABLES: tables,
      ...this.reach(props),
      DATABASE: target.database,
      ...rolesOf(target),
      MAX_FILES: String(maxFiles),
      MAX_BYTES: String(maxBytesMb * MEGABYTE),
      LEASE_SECONDS: String(timeoutSeconds),
      FINISHED_DAYS: String(ledgerDays),
      IGNORED_PREFIXES: JSON.stringify(ignored),
    };
    this.inside = props.driver
      ? new Inside(this, "inside", { name, login: props.driver, bucket, ledger: this.ledger })
      : undefined;
    this.function = new LambdaFunction(this, "load", {
      name,
      source: "load-objects",
      roleName: props.roleName,
      key,
      environment: { ...this.environment },
      timeoutSeconds,
      memoryMb: 512,
      logRetentionDays: props.logRetentionDays,
      ...this.network,
    });
    if (!isForeign(target)) bucket.grantRead(target.copyRole);
    this.grantLoad("load", this.function);
    this.queue.grantConsume(this.function.role);

    this.sweep = new Sweep(this, "sweep", {
      name: `${name}-sweep`,
      key,
      bucket,
      ledger: this.ledger,
      queue: this.queue,
      everyMinutes: props.sweepEveryMinutes ?? 60,
      lookbackDays: lookback,
      minAgeSeconds: props.sweepMinAgeSeconds ?? 900,
      ignoredPrefixes: ignored,
      logRetentionDays: props.logRetentionDays,
    });
    this.raiseAlarms(props.alarms, VISIBILITY_TIMEOUTS * timeoutSeconds + maxWaitSeconds);
  }

  /** Starts loading once `ready` is: a function that is called before its tables are there would use up its messages' tries. */
  start(...ready: ITerraformDependable[]): void {
    const { maxFiles = 1000, maxWaitSeconds = 60, maxConcurrency = 4 } = this.props;
    new LambdaEventSourceMapping(this, "source", {
      eventSourceArn: this.queue.queue.arn,
      functionName: this.function.aliasArn,
      batchSize: maxFiles,
      maximumBatchingWindowInSeconds: maxWaitSeconds,
      // One bad message must not bring back those that were loaded with it.
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: maxConcurrency },
      dependsOn: [...ready, ...this.rights, ...(this.inside?.ready ?? [])],
    });
  }

  /** Where a function runs that loads as this loader does, as `LambdaFunction` takes it: nowhere in particular, or inside of the warehouse's VPC. */
  get network(): Pick<LambdaFunctionProps, "network"> {
    return this.inside ? { network: this.inside.network } : {};
  }

  /** How the functions find the warehouse and log in, as their environment says it. */
  private reach({ target, secretArn, driver }: S3LoaderProps): Readonly<Record<string, string>> {
    if (driver === undefined)
      return { ...whereIs(target), ...(secretArn === undefined ? {} : { SECRET_ARN: secretArn }) };
    if (secretArn !== undefined)
      throw new ConfigError(this, "secretArn must be left out with driver, which reads its parameter");
    if (isForeign(target))
      throw new ConfigError(
        this,
        "driver must be left out for a warehouse of another account, whose VPC is not this one's",
      );
    const { host, port, parameter } = driver;
    return { WAREHOUSE_HOST: host, WAREHOUSE_PORT: String(port), LOGIN_PARAMETER: parameter.name };
  }

  /** Lets `fn` load as this loader does: its bucket, its ledger, its warehouse, as the database user of its own role. */
  grantLoad(id: string, fn: LambdaFunction): void {
    const { bucket, key, target, driver } = this.props;
    allow(
      this,
      `${id}-objects`,
      fn.role,
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], on: [`${bucket.arn}/*`] },
      // Without it S3 says 403 of an object that is not there, where 404 is the answer that counts.
      { actions: ["s3:ListBucket"], on: [bucket.arn] },
      { actions: ["s3:PutObject"], on: [`${bucket.arn}/${OWN_PREFIX}manifests/*`] },
      key.use,
    );
    this.ledger.grantClaim(fn.role);
    if (driver) allowLogin(this, `${id}-sql`, fn.role, driver.parameter.arn, key.arn);
    else allowLoad(this, `${id}-sql`, fn.role, target, this.props.secretArn);
  }

  /** The function's own rights, which must be there when it is first called. */
  private get rights(): ITerraformDependable[] {
    return this.node.findAll().filter((one): one is IamRolePolicy => one instanceof IamRolePolicy);
  }

  private raiseAlarms(alarms: Alarms | undefined, oldSeconds: number): void {
    if (!alarms) return;
    const { queue, deadLetters } = this.queue;
    alarms.onDeadLetters("load-dead-letters", deadLetters.name);
    // One that failed once comes again after this long: twice that, and it failed again.
    alarms.onOldMessage("load-waits", queue.name, 2 * oldSeconds);
    const rejects = { namespace: "Redstream", metric: `Rejects/${this.props.name}` };
    new CloudwatchLogMetricFilter(this, "rejects", {
      name: "rejects",
      logGroupName: `/aws/lambda/${this.props.name}`,
      // The function's one line a call names what it counted, and names rejects only if there were any.
      pattern: '"rejected"',
      metricTransformation: { namespace: rejects.namespace, name: rejects.metric, value: "1" },
      dependsOn: [this.function.fn],
    });
    alarms.onCount("load-rejects", {
      ...rejects,
      says: `Files were set aside. "redstream rejects" says which and why; "redstream retry" loads them after a fix.`,
    });
    alarms.onErrors("load-errors", this.function.fn.functionName);
    alarms.onErrors("sweep-errors", this.sweep.function.fn.functionName);
    alarms.onFailedRuns("sweep", this.sweep.machine.arn, "sweep of the bucket");
  }
}

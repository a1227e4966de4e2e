import { Construct } from "constructs";
import type { ReplayEnv } from "../../lambda-src/replay/config";
import type { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { LambdaFunction } from "../lambda-function";
import type { Alarms } from "../observability";
import type { S3Loader } from "../s3-loader";
import { StateMachine, type States } from "../state-machine";
import { checkInteger } from "../support/check";
import { allow } from "../support/iam";

export interface ReplayProps {
  /** Name of function and state machine, 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string;

  readonly key: EncryptionKey;

  /** What loads new objects: replay takes the same way, with the same tables. */
  readonly loader: S3Loader;

  /** Bucket of the loader. */
  readonly bucket: Bucket;

  /**
   * Name of the function's role, for a warehouse in another account whose policies name it beforehand.
   *
   * @default - one that Terraform makes
   */
  readonly roleName?: string;

  /**
   * Days for which S3 keeps a copy that was restored from Glacier, 1 to 90.
   *
   * @default 3
   */
  readonly restoreDays?: number;

  /**
   * Minutes between two looks whether S3 has restored what was asked for, 1 to 1440. The standard tier takes 3 to 5 hours from `GLACIER`, 12 from
   * `DEEP_ARCHIVE`.
   *
   * @default 15
   */
  readonly restoreLookMinutes?: number;

  /**
   * Where alarms go.
   *
   * @default - no alarms
   */
  readonly alarms?: Alarms;

  /**
   * Days the logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * Loads past hours of a table again: plan, restore from Glacier and wait, then hour after hour through the loader's own steps, each hour in one
 * transaction that replaces its rows.
 *
 * Safe to repeat, to stop and to run twice at once. Input: `{"table", "from", "to"}`, whole hours in UTC, `to` not included; `dryRun` ends behind
 * the plan.
 */
export class Replay extends Construct {
  readonly function: LambdaFunction;
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: ReplayProps) {
    super(scope, id);
    const restoreDays = checkInteger(this, "restoreDays", props.restoreDays ?? 3, 1, 90);
    const lookMinutes = checkInteger(this, "restoreLookMinutes", props.restoreLookMinutes ?? 15, 1, 1440);
    const { name, key, loader, bucket, logRetentionDays } = props;
    const environment: ReplayEnv = {
      ...loader.environment,
      // One call may take as long as a function can.
      LEASE_SECONDS: "900",
      RESTORE_DAYS: String(restoreDays),
    };
    this.function = new LambdaFunction(this, "function", {
      name,
      source: "replay",
      roleName: props.roleName,
      key,
      environment: { ...environment },
      timeoutSeconds: 900,
      memoryMb: 512,
      logRetentionDays,
      ...loader.network,
    });
    loader.grantLoad("replay", this.function);
    loader.ledger.grantCompare(this.function.role);
    allow(
      this,
      "restore",
      this.function.role,
      { actions: ["s3:ListBucketVersions"], on: [bucket.arn] },
      { actions: ["s3:RestoreObject"], on: [`${bucket.arn}/*`] },
    );

    this.machine = new StateMachine(this, "machine", {
      name,
      key,
      calls: this.function,
      startAt: "Plan",
      refusals: ["ReplayRefused"],
      states: (call) => statesOf(call, lookMinutes * 60),
      logRetentionDays,
    });
    props.alarms?.onErrors("replay-errors", this.function.fn.functionName);
    props.alarms?.onFailedRuns("replay", this.machine.arn, "replay");
  }
}

type Call = (next: string, more: Readonly<Record<string, unknown>>) => object;

/** Each call answers the input of the next, so nothing is remembered but what the function says. */
const statesOf = (call: Call, lookSeconds: number): States => ({
  Plan: call("DryRun", { step: "plan" }),
  DryRun: choice("$states.input.dryRun or $count($states.input.hours) = 0", "Done", "NeedsGlacier"),
  NeedsGlacier: choice("$states.input.restore.files = 0", "Load", "Restore"),
  Restore: call("Restored", { step: "restore" }),
  Restored: choice("$states.input.restore.files = 0", "Load", "WaitForGlacier"),
  WaitForGlacier: { Type: "Wait", Seconds: lookSeconds, Next: "Status" },
  Status: call("Restored", { step: "status" }),
  Load: call("Loaded", { step: "load" }),
  Loaded: choice("$count($states.input.hours) = 0", "Done", "Busy"),
  // Somebody else loads the next hour.
  Busy: choice("$exists($states.input.wait) and $states.input.wait > 0", "WaitForOther", "Load"),
  WaitForOther: { Type: "Wait", Seconds: "{% $states.input.wait %}", Next: "Load" },
  Done: { Type: "Succeed" },
});

const choice = (condition: string, then: string, otherwise: string) => ({
  Type: "Choice",
  Choices: [{ Condition: `{% ${condition} %}`, Next: then }],
  Default: otherwise,
});

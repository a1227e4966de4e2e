import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import { Construct } from "constructs";
import type { SweepBucketEnv } from "../../lambda-src/sweep-bucket/config";
import type { Bucket } from "../bucket";
import type { EncryptionKey } from "../encryption-key";
import { LambdaFunction } from "../lambda-function";
import { StateMachine } from "../state-machine";
import { checkInteger } from "../support/check";
import { allow, serviceRole } from "../support/iam";
import type { Ledger } from "./ledger";
import type { ObjectQueue } from "./object-queue";

export interface SweepProps {
  readonly name: string;
  readonly key: EncryptionKey;
  readonly bucket: Bucket;
  readonly ledger: Ledger;
  readonly queue: ObjectQueue;
  /** Minutes between two sweeps, 1 to 1440. */
  readonly everyMinutes: number;
  readonly lookbackDays: number;
  /** Seconds that an object is left to its event, at least 0. */
  readonly minAgeSeconds: number;
  readonly ignoredPrefixes: readonly string[];
  readonly logRetentionDays?: number;
}

/**
 * Lists the bucket page after page on a schedule, compares it with the ledger and queues what events missed.
 *
 * Two sweeps at once, or one during a load, do no harm: what they queue twice is claimed once.
 */
export class Sweep extends Construct {
  readonly function: LambdaFunction;
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    const minutes = checkInteger(this, "sweepEveryMinutes", props.everyMinutes, 1, 1440);
    checkInteger(this, "sweepMinAgeSeconds", props.minAgeSeconds, 0, 86_400);
    const environment: SweepBucketEnv = {
      BUCKET: props.bucket.name,
      LEDGER_TABLE: props.ledger.name,
      QUEUE_URL: props.queue.queue.url,
      LOOKBACK_DAYS: String(props.lookbackDays),
      MIN_AGE_SECONDS: String(props.minAgeSeconds),
      IGNORED_PREFIXES: JSON.stringify(props.ignoredPrefixes),
    };
    this.function = new LambdaFunction(this, "function", {
      name: props.name,
      source: "sweep-bucket",
      key: props.key,
      environment: { ...environment },
      timeoutSeconds: 300,
      logRetentionDays: props.logRetentionDays,
    });
    allow(this, "list", this.function.role, { actions: ["s3:ListBucketVersions"], on: [props.bucket.arn] });
    props.ledger.grantCompare(this.function.role);
    props.queue.grantSend(this.function.role);

    this.machine = new StateMachine(this, "machine", {
      name: props.name,
      key: props.key,
      calls: this.function,
      startAt: "Sweep",
      states: (call) => ({
        Sweep: call("More"),
        More: {
          Type: "Choice",
          Choices: [{ Condition: "{% $exists($states.input.continuation) %}", Next: "Sweep" }],
          Default: "Done",
        },
        Done: { Type: "Succeed" },
      }),
      logRetentionDays: props.logRetentionDays,
    });
    this.createSchedule(props, minutes);
  }

  private createSchedule({ name, key }: SweepProps, minutes: number): void {
    const role = serviceRole(this, "schedule-role", "scheduler.amazonaws.com");
    this.machine.grantStart(role);
    // The schedule's target is encrypted with the key, and read as this role.
    allow(this, "read-schedule", role, { actions: ["kms:Decrypt"], on: [key.arn] });
    new SchedulerSchedule(this, "schedule", {
      name,
      description: "Finds objects whose event was lost",
      scheduleExpression: minutes === 1 ? "rate(1 minute)" : `rate(${minutes} minutes)`,
      flexibleTimeWindow: { mode: "OFF" },
      kmsKeyArn: key.arn,
      target: { arn: this.machine.arn, roleArn: role.arn, input: "{}" },
    });
  }
}

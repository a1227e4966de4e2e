import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { SfnStateMachine } from "@cdktf/provider-aws/lib/sfn-state-machine";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import type { LambdaFunction } from "../lambda-function";
import { checkMatch } from "../support/check";
import { allow, serviceRole } from "../support/iam";
import { checkLogRetention } from "../support/log-retention";
import { idOf } from "../support/name";

/** States by name, as Amazon States Language has them, in JSONata. */
export type States = Readonly<Record<string, object>>;

export interface StateMachineProps {
  /** 1 to 80 letters, digits, `-` and `_`. */
  readonly name: string;

  /** Key that encrypts its log. */
  readonly key: EncryptionKey;

  /** The one function that it calls, by its alias. */
  readonly calls: LambdaFunction;

  /** Name of the first state. */
  readonly startAt: string;

  /**
   * Errors of the function that say that it will not do it, by name: they end the run at once.
   *
   * @default - none; every error is tried again
   */
  readonly refusals?: readonly string[];

  /** The states; `call` makes one that calls the function with the state's input. */
  readonly states: (call: (next: string, more?: Readonly<Record<string, unknown>>) => object) => States;

  /**
   * Days the log is kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/**
 * A standard Step Functions workflow over one function, with a role of its own, a log of what failed and traces.
 *
 * What a call answers is the next state's input, at most 256 KiB. A call that fails is made again for about five minutes; a step must therefore
 * be one that can be done twice.
 *
 * @example
 * new StateMachine(this, "sweep", { name: `sweep-${suffix}`, key, calls: sweep, startAt: "Sweep", states: (call) => ({ Sweep: call("Done"), Done: { Type: "Succeed" } }) });
 */
export class StateMachine extends Construct {
  /** The state machine itself, for anything these props do not cover. */
  readonly machine: SfnStateMachine;

  constructor(scope: Construct, id: string, props: StateMachineProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_-]{1,80}$/, "1 to 80 letters, digits, - and _");
    const role = serviceRole(this, "role", "states.amazonaws.com");
    props.calls.grantInvoke(role);
    const logs = new CloudwatchLogGroup(this, "logs", {
      // CloudWatch lets services write to groups of this name without a resource policy for each.
      name: `/aws/vendedlogs/states/${props.name}`,
      retentionInDays: checkLogRetention(this, props.logRetentionDays),
      kmsKeyId: props.key.arn,
    });
    const rights = [
      // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html: log deliveries have no ARN.
      allow(this, "deliver-logs", role, { actions: LOG_DELIVERY, on: ["*"] }),
      // X-Ray knows no narrower resource for these.
      allow(this, "write-traces", role, { actions: TRACE, on: ["*"] }),
    ];

    const { partition } = new DataAwsPartition(this, "partition");
    const call = (Next: string, more: Readonly<Record<string, unknown>> = {}) => ({
      Type: "Task",
      Resource: `arn:${partition}:states:::lambda:invoke`,
      Arguments: {
        FunctionName: props.calls.aliasArn,
        Payload: `{% $merge([$states.input, ${JSON.stringify(more).replaceAll('"', "'")}]) %}`,
      },
      Output: "{% $states.result.Payload %}",
      Retry: [
        ...(props.refusals ? [{ ErrorEquals: [...props.refusals], MaxAttempts: 0 }] : []),
        {
          ErrorEquals: ["States.ALL"],
          IntervalSeconds: 5,
          BackoffRate: 2,
          MaxAttempts: 6,
          JitterStrategy: "FULL",
        },
      ],
      Next,
    });
    this.machine = new SfnStateMachine(this, "machine", {
      name: props.name,
      type: "STANDARD",
      roleArn: role.arn,
      definition: JSON.stringify({ QueryLanguage: "JSONata", StartAt: props.startAt, States: props.states(call) }),
      loggingConfiguration: { level: "ERROR", includeExecutionData: true, logDestination: `${logs.arn}:*` },
      tracingConfiguration: { enabled: true },
      dependsOn: rights,
    });
  }

  get arn(): string {
    return this.machine.arn;
  }

  /** Lets `grantee` start a run, and nothing else. */
  grantStart(grantee: IamRole): void {
    allow(this, `start-${idOf(grantee)}`, grantee, { actions: ["states:StartExecution"], on: [this.arn] });
  }
}

const TRACE = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
const LOG_DELIVERY = [
  "logs:CreateLogDelivery",
  "logs:GetLogDelivery",
  "logs:UpdateLogDelivery",
  "logs:DeleteLogDelivery",
  "logs:ListLogDeliveries",
  "logs:PutResourcePolicy",
  "logs:DescribeResourcePolicies",
  "logs:DescribeLogGroups",
];

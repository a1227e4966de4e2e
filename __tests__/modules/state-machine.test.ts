import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { SfnStateMachine } from "@cdktf/provider-aws/lib/sfn-state-machine";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { LambdaFunction } from "../../modules/lambda-function";
import { StateMachine, type StateMachineProps } from "../../modules/state-machine";
import { grantsOf } from "../support/grants";
import { emptyStack, resources, synthesized } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

const minimal = (over: Partial<StateMachineProps> = {}) => {
  const key = new EncryptionKey(stack, "key", { description: "test" });
  const calls = new LambdaFunction(stack, "fn", { name: "sweep-a1", source: "sweep-bucket", key, timeoutSeconds: 60 });
  return new StateMachine(stack, "machine", {
    name: "sweep-a1",
    key,
    calls,
    startAt: "Sweep",
    states: (call) => ({ Sweep: call("Done", { step: "sweep" }), Done: { Type: "Succeed" } }),
    ...over,
  });
};
const definition = () => JSON.parse(resources(stack, SfnStateMachine)[0].definition);

describe("StateMachine", () => {
  it("calls its function, by its alias, with the state's input and the step, and hands on what it answers", () => {
    minimal();
    expect(definition()).toEqual({
      QueryLanguage: "JSONata",
      StartAt: "Sweep",
      States: {
        Sweep: {
          Type: "Task",
          Resource: expect.stringMatching(/^arn:\$\{data\.aws_partition\..*\.partition\}:states:::lambda:invoke$/),
          Arguments: {
            FunctionName: expect.stringMatching(/^\$\{aws_lambda_alias\.fn_live_.*\.arn\}$/),
            Payload: "{% $merge([$states.input, {'step':'sweep'}]) %}",
          },
          Output: "{% $states.result.Payload %}",
          Retry: [
            { ErrorEquals: ["States.ALL"], IntervalSeconds: 5, BackoffRate: 2, MaxAttempts: 6, JitterStrategy: "FULL" },
          ],
          Next: "Done",
        },
        Done: { Type: "Succeed" },
      },
    });
  });

  it("ends at once where the function refuses, and tries again for any other reason", () => {
    minimal({ refusals: ["ReplayRefused"] });
    expect(definition().States.Sweep.Retry[0]).toEqual({ ErrorEquals: ["ReplayRefused"], MaxAttempts: 0 });
  });

  it("logs what failed, encrypted, and traces", () => {
    minimal({ logRetentionDays: 90 });
    const logs = resources(stack, CloudwatchLogGroup).find(({ name }) => name === "/aws/vendedlogs/states/sweep-a1");
    expect(logs).toMatchObject({ retention_in_days: 90, kms_key_id: expect.stringContaining("aws_kms_key") });
    expect(resources(stack, SfnStateMachine)).toMatchObject([
      { logging_configuration: { level: "ERROR" }, tracing_configuration: { enabled: true } },
    ]);
  });

  it("may call its function, deliver its log and trace, and no more", () => {
    minimal();
    expect(grantsOf(synthesized(stack)).machine_role).toEqual({
      trusts: ["sts:AssumeRole by Service states.amazonaws.com"],
      may: [
        "lambda:InvokeFunction on fn_live.arn",
        "logs:CreateLogDelivery, logs:GetLogDelivery, logs:UpdateLogDelivery, logs:DeleteLogDelivery, logs:ListLogDeliveries, logs:PutResourcePolicy, logs:DescribeResourcePolicies, logs:DescribeLogGroups on *",
        "xray:PutTraceSegments, xray:PutTelemetryRecords on *",
      ],
    });
  });

  it("refuses a name that Step Functions would", () => {
    expect(() => minimal({ name: "a.b" })).toThrow(
      new Error('t/machine: name must be 1 to 80 letters, digits, - and _, got "a.b"'),
    );
  });
});

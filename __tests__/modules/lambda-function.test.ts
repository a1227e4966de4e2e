import { LambdaFunction as Fn } from "@cdktf/provider-aws/lib/lambda-function";
import type { TerraformStack } from "cdktf";
import { EncryptionKey } from "../../modules/encryption-key";
import { LambdaFunction, type LambdaFunctionProps } from "../../modules/lambda-function";
import { serviceRole } from "../../modules/support/iam";
import { emptyStack, resources, statementsOf, synthesized } from "../support/synth";

let stack: TerraformStack;
beforeEach(() => {
  stack = emptyStack();
});

const transform = (over: Partial<LambdaFunctionProps> = {}) =>
  new LambdaFunction(stack, "transform", {
    name: "transform",
    source: "transform-telemetry",
    key: new EncryptionKey(stack, "key", { description: "test" }),
    timeoutSeconds: 60,
    ...over,
  });

describe("LambdaFunction", () => {
  it("publishes a version of the current Node.js runtime with structured logs", () => {
    transform();
    expect(resources(stack, Fn)).toMatchObject([
      { runtime: "nodejs22.x", handler: "index.handler", publish: true, logging_config: { log_format: "JSON" } },
    ]);
  });

  it("packs the bundled handler with a fixed file mode, so that the same source gives the same hash", () => {
    transform();
    const [zip] = Object.values(synthesized(stack).data.archive_file) as Record<string, unknown>[];
    expect(zip).toMatchObject({
      type: "zip",
      output_file_mode: "0644",
      output_path: "${path.module}/lambda/transform-telemetry.zip",
    });
    expect(zip!.source_file).toMatch(/^\$\{path\.module\}\/assets\/.*\/index\.js$/);
  });

  it("makes the zip during the apply whenever the source has changed", () => {
    transform();
    const json = synthesized(stack);
    const [[name, hash]] = Object.entries(json.resource.terraform_data) as [[string, Record<string, unknown>]];
    const [zip] = Object.values(json.data.archive_file) as Record<string, unknown>[];
    expect(hash.triggers_replace).toEqual({ source: `\${filesha256("${zip!.source_file}")}` });
    expect(zip!.depends_on).toEqual([`terraform_data.${name}`]);
  });

  it("names the command when the handler was not bundled", () => {
    expect(() => transform({ source: "no-such-handler" })).toThrow(
      't/transform/package: lambda-src/no-such-handler is not bundled; synthesize with "npm run synth", which bundles first',
    );
  });

  it("runs in a VPC when it is told to, with interfaces that Lambda may make and its own code may not", () => {
    transform({ network: { subnetIds: ["subnet-1", "subnet-2"], securityGroupId: "sg-1" } });
    expect(resources(stack, Fn)).toMatchObject([
      { vpc_config: { subnet_ids: ["subnet-1", "subnet-2"], security_group_ids: ["sg-1"] } },
    ]);
    const actions = [
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses",
      "ec2:UnassignPrivateIpAddresses",
    ];
    const statements = statementsOf(stack, "transform").filter(({ sid }) => sid !== undefined);
    expect(statements).toEqual([
      { sid: "LambdaMakesInterfaces", actions, resources: ["*"] },
      {
        sid: "CodeOfTheFunctionDoesNot",
        effect: "Deny",
        actions,
        resources: ["*"],
        condition: [
          {
            test: "ArnEquals",
            variable: "lambda:SourceFunctionArn",
            values: [expect.stringMatching(/^arn:\$\{.*\}:lambda:\$\{.*\}:\$\{.*\}:function:transform$/)],
          },
        ],
      },
    ]);
  });

  it("joins no VPC unless told to", () => {
    transform();
    expect(resources(stack, Fn)[0]).not.toHaveProperty("vpc_config");
    expect(JSON.stringify(statementsOf(stack, "transform"))).not.toContain("ec2:");
  });

  it.each([0, 901])("refuses a timeout of %d seconds", (timeoutSeconds) => {
    expect(() => transform({ timeoutSeconds })).toThrow(
      `t/transform: timeoutSeconds must be between 1 and 900, got ${timeoutSeconds}`,
    );
  });

  it("traces its invocations", () => {
    transform();
    expect(resources(stack, Fn)).toMatchObject([{ tracing_config: { mode: "Active" } }]);
  });

  it("may write its own logs and traces and nothing else", () => {
    const fn = transform();
    expect(statementsOf(stack, fn.role.friendlyUniqueId)).toEqual([
      {
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.transform_logs_\w+\.arn\}:\*$/)],
      },
      { actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"] },
    ]);
  });

  it("grantInvoke gives the alias, not the function", () => {
    const role = serviceRole(stack, "firehose", "firehose.amazonaws.com");
    transform().grantInvoke(role);
    expect(statementsOf(stack, role.friendlyUniqueId)).toEqual([
      {
        actions: ["lambda:InvokeFunction"],
        resources: [expect.stringMatching(/^\$\{aws_lambda_alias\.transform_live_\w+\.arn\}$/)],
      },
    ]);
  });
});

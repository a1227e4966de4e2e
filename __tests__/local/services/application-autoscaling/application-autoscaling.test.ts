import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Service } from "../../../../local/gateway/types";
import { createApplicationAutoScaling } from "../../../../local/services/application-autoscaling";
import { FakeAws, ROLE, ROOT, refusal, request } from "../redshift/fake-aws";

/** By https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html. */
let folder: string;
let fake: FakeAws;
let service: Service;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "scaling-"));
  fake = await new FakeAws().start(folder);
  service = createApplicationAutoScaling(fake.aws);
});
afterEach(async () => {
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name only
type Answer = Record<string, any>;

async function call(action: string, input: object, caller = ROOT): Promise<Answer> {
  const headers = { "x-amz-target": `AnyScaleFrontendService.${action}` };
  return JSON.parse(String((await service.handle(request(JSON.stringify(input), headers, caller))).body));
}

const OF = {
  ServiceNamespace: "kafka",
  ScalableDimension: "kafka:broker-storage:VolumeSize",
  ResourceId: "arn:aws:kafka:us-east-1:000000000000:cluster/orders/1",
};
const TARGET = { ...OF, MinCapacity: 1, MaxCapacity: 100 };
const POLICY = {
  ...OF,
  PolicyName: "volume",
  PolicyType: "TargetTrackingScaling",
  TargetTrackingScalingPolicyConfiguration: { TargetValue: 60 },
};

describe("Application Auto Scaling", () => {
  it("keeps a target under one ARN, however often it is registered", async () => {
    const { ScalableTargetARN } = await call("RegisterScalableTarget", { ...TARGET, Tags: { project: "redstream" } });
    expect(await call("RegisterScalableTarget", { ...TARGET, MaxCapacity: 200 })).toEqual({ ScalableTargetARN });
    const { ScalableTargets } = await call("DescribeScalableTargets", { ...OF, ResourceIds: [OF.ResourceId] });
    expect(ScalableTargets).toMatchObject([
      {
        MaxCapacity: 200,
        RoleARN: expect.stringMatching(/AWSServiceRoleForApplicationAutoScaling_KafkaCluster$/),
        ScalableTargetARN,
      },
    ]);
    expect(await call("ListTagsForResource", { ResourceARN: ScalableTargetARN })).toEqual({
      Tags: { project: "redstream" },
    });
  });

  it("keeps a policy of a target, and takes it away with the target", async () => {
    await call("RegisterScalableTarget", TARGET);
    const { PolicyARN } = await call("PutScalingPolicy", POLICY);
    const find = async () =>
      (await call("DescribeScalingPolicies", { ...OF, PolicyNames: ["volume"] })).ScalingPolicies;
    expect(await find()).toMatchObject([{ ...POLICY, PolicyARN, Alarms: [] }]);
    await call("DeregisterScalableTarget", OF);
    expect(await find()).toEqual([]);
    expect((await call("DescribeScalableTargets", OF)).ScalableTargets).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["PutScalingPolicy", POLICY, `ObjectNotFoundException No scalable target for ${Object.values(OF).join(" ")} found`],
    [
      "RegisterScalableTarget",
      { ...TARGET, MaxCapacity: 0 },
      "ValidationException MaxCapacity must be at least MinCapacity, got 0 and 1",
    ],
    ["RegisterScalableTarget", { MaxCapacity: 1 }, "ValidationException ServiceNamespace is required"],
    [
      "PutScheduledAction",
      {},
      "UnknownOperationException The operation PutScheduledAction is not carried by the local Application Auto Scaling",
    ],
  ])("refuses %s with %j", async (action, input, message) => {
    expect(await refusal(call(action, input))).toBe(message);
  });

  it("asks who may", async () => {
    await expect(call("RegisterScalableTarget", TARGET, ROLE)).rejects.toThrow(
      "is not authorized to perform: application-autoscaling:RegisterScalableTarget on resource: *",
    );
  });
});

import { randomUUID } from "node:crypto";
import { AwsError, type AwsRequest, type AwsResponse, type LocalAws, type Service } from "../../gateway/types";
import { readJsonBody } from "../../json-body";

type Json = Readonly<Record<string, unknown>>;

const notFound = (what: string) => new AwsError("ObjectNotFoundException", `No ${what} found`);
const invalid = (message: string) => new AwsError("ValidationException", message);

/** What may be scaled, and how: kept and shown. Nothing is measured here, so nothing is ever scaled. */
export function createApplicationAutoScaling(aws: LocalAws): Service {
  const targets = new Map<string, Json>();
  const policies = new Map<string, Json>();
  const tags = new Map<string, Record<string, string>>();
  const arn = (kind: string) =>
    `arn:aws:application-autoscaling:${aws.region}:${aws.accountId}:${kind}/${randomUUID().replaceAll("-", "")}`;

  const handlers: Readonly<Record<string, (input: Json) => Json>> = {
    RegisterScalableTarget(input) {
      const key = keyOf(input);
      const before = targets.get(key);
      const after: Json = {
        ...before,
        ...pick(input, ["ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity"]),
        RoleARN: text(input, "RoleARN") ?? before?.RoleARN ?? linkedRole(aws, required(input, "ServiceNamespace")),
        ScalableTargetARN: before?.ScalableTargetARN ?? arn("scalable-target"),
        CreationTime: before?.CreationTime ?? aws.clock.now().getTime() / 1000,
        SuspendedState: input.SuspendedState ?? before?.SuspendedState ?? NOT_SUSPENDED,
      };
      const [least, most] = [Number(after.MinCapacity), Number(after.MaxCapacity)];
      if (!(least <= most)) throw invalid(`MaxCapacity must be at least MinCapacity, got ${most} and ${least}`);
      targets.set(key, after);
      const known = String(after.ScalableTargetARN);
      tags.set(known, { ...tags.get(known), ...(input.Tags as Record<string, string> | undefined) });
      return { ScalableTargetARN: known };
    },
    DescribeScalableTargets: (input) => ({ ScalableTargets: chosen(targets, input) }),
    DeregisterScalableTarget(input) {
      const key = keyOf(input);
      if (!targets.delete(key)) throw notFound(`scalable target for ${key}`);
      for (const [name, policy] of policies) if (keyOf(policy) === key) policies.delete(name);
      return {};
    },
    PutScalingPolicy(input) {
      const target = keyOf(input);
      if (!targets.has(target)) throw notFound(`scalable target for ${target}`);
      const key = `${target} ${required(input, "PolicyName")}`;
      const before = policies.get(key);
      const policy = {
        ...before,
        ...input,
        PolicyARN: before?.PolicyARN ?? arn("scaling-policy"),
        CreationTime: before?.CreationTime ?? aws.clock.now().getTime() / 1000,
        Alarms: [],
      };
      policies.set(key, policy);
      return { PolicyARN: policy.PolicyARN, Alarms: [] };
    },
    DescribeScalingPolicies: (input) => ({ ScalingPolicies: chosen(policies, input) }),
    DeleteScalingPolicy(input) {
      const key = `${keyOf(input)} ${required(input, "PolicyName")}`;
      if (!policies.delete(key)) throw notFound(`scaling policy ${key}`);
      return {};
    },
    ListTagsForResource: (input) => ({ Tags: tags.get(required(input, "ResourceARN")) ?? {} }),
    TagResource(input) {
      const known = required(input, "ResourceARN");
      tags.set(known, { ...tags.get(known), ...(input.Tags as Record<string, string>) });
      return {};
    },
    UntagResource(input) {
      const known = tags.get(required(input, "ResourceARN")) ?? {};
      for (const name of (input.TagKeys as string[]) ?? []) delete known[name];
      return {};
    },
  };

  return {
    names: ["application-autoscaling"],
    async handle(request: AwsRequest): Promise<AwsResponse> {
      const action = (request.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
      const handler = Object.hasOwn(handlers, action) ? handlers[action] : undefined;
      if (!handler) {
        throw new AwsError(
          "UnknownOperationException",
          `The operation ${action || "without a name"} is not carried by the local Application Auto Scaling`,
        );
      }
      // Its actions have no resource of their own for most services, Kafka among them.
      await aws.authorize(request.caller, `application-autoscaling:${action}`, "*");
      const answer = handler(readJsonBody(request.body.toString("utf8")));
      return {
        status: 200,
        headers: { "content-type": "application/x-amz-json-1.1" },
        body: JSON.stringify(answer),
      };
    },
  };
}

const NOT_SUSPENDED = {
  DynamicScalingInSuspended: false,
  DynamicScalingOutSuspended: false,
  ScheduledScalingSuspended: false,
};

/** A target is one dimension of one resource. */
const keyOf = (input: Json) =>
  ["ServiceNamespace", "ScalableDimension", "ResourceId"].map((name) => required(input, name)).join(" ");

function chosen(all: ReadonlyMap<string, Json>, input: Json): Json[] {
  const ids =
    (input.ResourceIds as string[] | undefined) ?? (input.ResourceId ? [String(input.ResourceId)] : undefined);
  const names = input.PolicyNames as string[] | undefined;
  return [...all.values()].filter(
    (one) =>
      one.ServiceNamespace === input.ServiceNamespace &&
      (!input.ScalableDimension || one.ScalableDimension === input.ScalableDimension) &&
      (!ids?.length || ids.includes(String(one.ResourceId))) &&
      (!names?.length || names.includes(String(one.PolicyName))),
  );
}

const pick = (input: Json, names: readonly string[]): Json =>
  Object.fromEntries(names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]));

function text(input: Json, name: string): string | undefined {
  const value = input[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function required(input: Json, name: string): string {
  const value = text(input, name);
  if (value === undefined) throw invalid(`${name} is required`);
  return value;
}

/** AWS makes it by itself: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html */
const linkedRole = ({ accountId }: LocalAws, namespace: string) =>
  namespace === "kafka"
    ? `arn:aws:iam::${accountId}:role/aws-service-role/kafka.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_KafkaCluster`
    : `arn:aws:iam::${accountId}:role/aws-service-role/${namespace}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_${namespace}`;

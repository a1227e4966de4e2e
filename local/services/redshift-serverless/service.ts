import { handlerOf } from "../../gateway/actions";
import { AwsError, type LocalAws, type SqlServer, type SqlTarget } from "../../gateway/types";
import { connectTo } from "../../redshift-common/connect";
import type { Warehouses } from "../../warehouse";
import { Input } from "./input";
import { Namespaces } from "./namespaces";
import { Tags } from "./tags";
import { UsageLimits } from "./usage-limits";
import { Workgroups } from "./workgroups";

type Handler = (input: Input) => object | Promise<object>;

/** Amazon Redshift Serverless' control plane (JSON 1.1): namespaces, each with a warehouse, workgroups on them, usage limits. */
export function createRedshiftServerless(aws: LocalAws, warehouses: Warehouses): SqlServer {
  const tags = new Tags();
  const namespaces: Namespaces = new Namespaces(aws, warehouses, tags, (name) => workgroups.uses(name));
  const workgroups = new Workgroups(aws, warehouses, namespaces, tags);
  const limits = new UsageLimits(aws, tags, (arn) => workgroups.has(arn));
  const handlers: Readonly<Record<string, Handler>> = {
    CreateNamespace: (input) => namespaces.create(input),
    GetNamespace: (input) => namespaces.get(input),
    ListNamespaces: () => namespaces.list(),
    UpdateNamespace: (input) => namespaces.update(input),
    DeleteNamespace: (input) => namespaces.delete(input),
    CreateWorkgroup: (input) => workgroups.create(input),
    GetWorkgroup: (input) => workgroups.get(input),
    ListWorkgroups: () => workgroups.list(),
    UpdateWorkgroup: (input) => workgroups.update(input),
    DeleteWorkgroup: (input) => workgroups.delete(input),
    CreateUsageLimit: (input) => limits.create(input),
    GetUsageLimit: (input) => limits.get(input),
    ListUsageLimits: (input) => limits.list(input),
    UpdateUsageLimit: (input) => limits.update(input),
    DeleteUsageLimit: (input) => limits.delete(input),
    ListTagsForResource: (input) => ({ tags: tags.list(input.require("resourceArn")) }),
    TagResource: (input) => {
      tags.add(input.require("resourceArn"), input.tags());
      return {};
    },
    UntagResource: (input) => {
      tags.remove(input.require("resourceArn"), input.strings("tagKeys") ?? []);
      return {};
    },
  };

  /** The ARN that a policy must name, by https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftserverless.html */
  const resourceOf = (input: Input): string =>
    input.string("resourceArn") ??
    limits.arnOf(input.string("usageLimitId") ?? "") ??
    workgroups.arnOf(input.string("workgroupName") ?? "") ??
    namespaces.arnOf(input.string("namespaceName") ?? "") ??
    "*";

  return {
    names: ["redshift-serverless"],
    handle: handlerOf(aws, {
      prefix: "redshift-serverless",
      handlers,
      actionOf: ({ headers }) => /^RedshiftServerless\.(\w+)$/.exec(headers["x-amz-target"] ?? "")?.[1] ?? "",
      inputOf: ({ body }) => new Input(body.toString("utf8")),
      resourceOf,
      answer: (_, output) => ({
        status: 200,
        headers: { "content-type": "application/x-amz-json-1.1" },
        body: JSON.stringify(output),
      }),
      unknown: (action) =>
        new AwsError(
          "UnknownOperationException",
          `The operation ${action || "without a name"} is not carried by the local Redshift Serverless`,
        ),
    }),
    connect: (to: SqlTarget) => connectTo(aws, workgroups.door(to.host), to),
  };
}

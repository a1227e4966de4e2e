import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack, Testing } from "cdktf";

/** A stack `t` with the AWS provider and nothing else. */
export function emptyStack(): TerraformStack {
  const stack = new TerraformStack(Testing.app(), "t");
  new AwsProvider(stack, "aws", { region: "us-east-1" });
  new ArchiveProvider(stack, "archive");
  return stack;
}

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

/** The synthesized Terraform JSON of `stack`, its validations run. */
export function synthesized(stack: TerraformStack): Json {
  return JSON.parse(Testing.synth(stack, true));
}

/** The synthesized resources of one class, by construct id order. */
export function resources(stack: TerraformStack, of: { readonly tfResourceType: string }): Json[] {
  return Object.values(synthesized(stack).resource?.[of.tfResourceType] ?? {});
}

/** The statements that `modules/support/iam.allow` gave to roles whose reference contains `role`, each as the policy document has it. */
export const statementsOf = (stack: TerraformStack, role: string): Json[] => statementsIn(synthesized(stack), role);

/** The same of a synthesized stack. */
export function statementsIn(json: Json, role: string): Json[] {
  const policies: Json[] = Object.values(json.resource?.aws_iam_role_policy ?? {});
  return policies
    .filter((policy) => policy.role.includes(role))
    .flatMap((policy) => {
      const name = /data\.aws_iam_policy_document\.([^.]+)\.json/.exec(policy.policy)?.[1];
      return name ? json.data.aws_iam_policy_document[name].statement : [];
    });
}

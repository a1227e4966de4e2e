// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

/** What a role of a synthesized stack may do, and who assumes it: every statement as one line. */
export interface RoleGrants {
  readonly trusts: readonly string[];
  readonly may: readonly string[];
}

/**
 * Every role of a synthesized stack with the whole of its policies, by its construct's name. Policies that are not `modules/support/iam`'s documents (a managed
 * one, JSON in the resource) are lines too, so that nothing is given past them.
 */
export function grantsOf(json: Json): Readonly<Record<string, RoleGrants>> {
  const { resource, data = {} } = json;
  const documents: Json = data.aws_iam_policy_document ?? {};
  const of = (type: string, id: string) =>
    Object.values<Json>(resource[type] ?? {}).filter(({ role }) => String(role).includes(`aws_iam_role.${id}.`));
  const linesIn = (policy: string) => {
    const name = /^\$\{data\.aws_iam_policy_document\.([^.]+)\.json\}$/.exec(policy)?.[1];
    return name === undefined ? [`as written: ${policy}`] : documents[name].statement.map(lineOf);
  };
  return Object.fromEntries(
    Object.entries<Json>(resource.aws_iam_role ?? {}).map(([id, role]) => [
      short(id),
      {
        trusts: linesIn(role.assume_role_policy),
        may: unique([
          ...of("aws_iam_role_policy", id).flatMap(({ policy }) => linesIn(policy)),
          ...of("aws_iam_role_policy_attachment", id).map(({ policy_arn }) => `as in ${short(policy_arn)}`),
          ...(role.inline_policy ?? []).map((policy: Json) => `inline: ${JSON.stringify(policy)}`),
          ...(role.managed_policy_arns ?? []).map((arn: string) => `as in ${short(arn)}`),
        ]),
      },
    ]),
  );
}

/** `ACTIONS on RESOURCES if CONDITIONS`, or `SERVICES if CONDITIONS` of a trust. What a statement holds besides stands at its end. */
function lineOf({ actions, resources, principals, condition = [], ...rest }: Json): string {
  const who = (principals ?? []).map(({ type, identifiers }: Json) => `${type} ${identifiers.map(short).join(", ")}`);
  const conditions = condition.map(
    ({ test, variable, values }: Json) => `${variable} ${test} ${values.map(short).join(" | ")}`,
  );
  return [
    actions.join(", "),
    ...(resources ? [`on ${resources.map(short).join(", ")}`] : []),
    ...(who.length > 0 ? [`by ${who.join("; ")}`] : []),
    ...(conditions.length > 0 ? [`if ${conditions.join(" and ")}`] : []),
    ...(Object.keys(rest).length > 0 ? [`and ${JSON.stringify(rest)}`] : []),
  ].join(" ");
}

/** In order of the alphabet. What is given twice, by two constructs, is one right. */
const unique = (lines: readonly string[]) => [...new Set(lines)].sort();

/** A reference by its construct: `${aws_s3_bucket.files_bucket_D7C8A516.arn}` is `files_bucket.arn`; of another stack's state, `STACK: OUTPUT`. */
const short = (text: string): string =>
  text
    .replace(
      /\$\{data\.terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.cross-stack-output-([\w-]+)\}/g,
      "<$1: $2>",
    )
    .replace(/\$\{(?:data\.)?(?:aws_\w+|random_id|var)\.([\w-]+?)(?:_[0-9A-F]{8})?((?:\.[\w-]+)*)\}/g, "$1$2")
    .replace(/_[0-9A-F]{8}$/, "");

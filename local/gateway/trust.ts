/** What a service says of itself when it assumes a role. */
export interface TrustQuestion {
  /** `firehose.amazonaws.com`. */
  readonly principal: string;
  /** Condition keys in lower case: `aws:sourceaccount`, `aws:sourcearn`, `sts:externalid`. */
  readonly context: Readonly<Record<string, string>>;
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Condition?: Condition;
}

/**
 * Does a role's trust policy let a service assume it? A Deny outweighs an Allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function trusts(document: string, question: TrustQuestion): boolean {
  const policy = JSON.parse(document) as { Statement?: Statement | readonly Statement[] };
  const matching = list(policy.Statement ?? []).filter(
    (statement) =>
      list(statement.Action).some((action) => like(action.toLowerCase(), "sts:assumerole")) &&
      names(statement.Principal, question.principal) &&
      met(statement.Condition ?? {}, question.context),
  );
  return matching.length > 0 && matching.every(({ Effect }) => Effect === "Allow");
}

function names(principal: Statement["Principal"], service: string): boolean {
  if (typeof principal === "string") return principal === "*";
  return list(principal?.Service ?? []).includes(service);
}

function met(condition: Condition, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => holds(operator, context[key.toLowerCase()], list(values))),
  );
}

/** An operator that we do not know never holds: a role that asks more than we can answer is not assumed. */
function holds(operator: string, actual: string | undefined, values: readonly string[]): boolean {
  const [, not, name, ifExists] =
    /^(?=.)(?:(?:String|Arn)(Not)?)?(Equals|EqualsIgnoreCase|Like)?(IfExists)?$/.exec(operator) ?? [];
  if (operator === "Null") return values.includes(String(actual === undefined));
  if (name === undefined) return false;
  if (actual === undefined) return ifExists !== undefined || not !== undefined;
  const patterns = name === "Like" || operator.startsWith("Arn");
  const same = values.some((value) => {
    if (name === "EqualsIgnoreCase") return value.toLowerCase() === actual.toLowerCase();
    return patterns ? like(value, actual) : value === actual;
  });
  return not === undefined ? same : !same;
}

/** `*` for any text, `?` for any sign. */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

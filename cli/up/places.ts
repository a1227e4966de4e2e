import type { LocalStack } from "../../local/apply";

/** Pipelines of more than one stack, in the order in which they are applied. */
const STACKS: Readonly<Record<string, readonly string[]>> = {
  "event-monitor": ["event-warehouse", "event-monitor"],
  orders: ["orders-infra", "orders-producer"],
};

/** Pipelines with an analytics application, whose program a set-up has to build. */
const ANALYTICS: readonly string[] = ["telemetry-lake", "telemetry-warehouse"];

export const hasAnalytics = (pipeline: string): boolean => ANALYTICS.includes(pipeline);

/** Account of the event streams, where the settings put the warehouse into another: any other than the run's own. */
const EVENT_ACCOUNT = "111111111111";

/** The stacks of a pipeline, in the order in which they are applied. */
export const stacksOf = (pipeline: string): readonly string[] => STACKS[pipeline] ?? [pipeline];

/** The stack whose outputs the commands work with. */
export const mainStackOf = (pipeline: string): string =>
  stacksOf(pipeline).includes(pipeline) ? pipeline : stacksOf(pipeline)[0]!;

/** To which account a stack is applied and with which variables. Whether the events have an account of their own says the warehouse: it asks for its number. */
export function placeOf(
  stack: string,
  stacks: readonly LocalStack[],
): { readonly account?: string; readonly variables?: Readonly<Record<string, string>> } {
  const asks = (of: LocalStack) => "event_account_id" in ((of.prepared.configuration.variable as object) ?? {});
  if (!stacks.some(asks)) return {};
  return stack === "event-warehouse" ? { variables: { event_account_id: EVENT_ACCOUNT } } : { account: EVENT_ACCOUNT };
}

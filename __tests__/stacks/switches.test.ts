import { synthesizedStacks } from "../support/stacks";

/** What AWS tells resources of one type and account apart by. */
const NAMES = ["name", "alarm_name", "function_name", "bucket"];
/** Named within another resource. */
const WITHIN = ["aws_cloudwatch_log_stream"];

/** Addresses by stack, type and name, of what is named outright: a name that is a reference follows what it names. */
function namesOf(input: object): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [stack, { resource }] of Object.entries(synthesizedStacks(input))) {
    for (const [type, blocks] of Object.entries<Record<string, Record<string, unknown>>>(resource)) {
      if (WITHIN.includes(type)) continue;
      for (const [id, block] of Object.entries(blocks)) {
        const name = NAMES.map((attribute) => block[attribute]).find((value) => typeof value === "string");
        if (name !== undefined && !/^\$\{aws_[^}]+\}$/.test(String(name))) found.set(`${stack}: ${type} ${name}`, id);
      }
    }
  }
  return found;
}

/**
 * Terraform makes and destroys what has two addresses in whatever order. Under one name the new one is refused, or, where AWS takes a second creation for the
 * first (topics, alarms), it is the one that is destroyed.
 */
describe("a setting that is changed on a stack that is applied", () => {
  const before = namesOf({});

  it.each<[string, object]>([
    ["a loader behind Firehose", { warehouse: { delivery: "loader" }, events: { delivery: "loader" } }],
    ["a copy in a columnar format", { events: { lakeFormat: "parquet" } }],
    ["engine sql", { telemetry: { engine: "sql" } }],
    ["a serverless warehouse", { warehouse: { kind: "serverless" } }],
    ["a password in a secret", { loader: { auth: "secret" } }],
    ["a password in SSM", { loader: { auth: "ssm" } }],
    ["serverless brokers", { orders: { kafka: "serverless" } }],
  ])("to %s gives no other resource a name that is taken", (_, settings) => {
    const taken = [...namesOf(settings)].filter(([name, id]) => before.has(name) && before.get(name) !== id);
    expect(taken.map(([name, id]) => `${name}: ${before.get(name)} and ${id}`)).toEqual([]);
  });
});

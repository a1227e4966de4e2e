import { fitTopics } from "../../../local/terraform/few-brokers";
import type { JsonObject } from "../../../local/terraform/stand-ins";

const topic = (replicationFactor: number) => ({
  function_name: "topic",
  input: JSON.stringify({ topic: "orders", partitions: 3, replicationFactor }),
});
const configuration = (topics: JsonObject): JsonObject => ({
  provider: { aws: [{ region: "us-east-1" }] },
  resource: { aws_lambda_invocation: topics, aws_s3_bucket: { logs: { bucket: "logs" } } },
});

describe("a configuration for fewer brokers than it was made for", () => {
  it("has topics with a replica on each broker, and says which had more", () => {
    const given = configuration({ apply: topic(3), small: topic(1), sql: { input: "${jsonencode({ a = 1 })}" } });
    expect(fitTopics(given, 1)).toEqual({
      configuration: configuration({ apply: topic(1), small: topic(1), sql: { input: "${jsonencode({ a = 1 })}" } }),
      changes: ["topic orders has replication factor 1 instead of 3"],
    });
  });

  it.each<[string, JsonObject]>([
    ["there are brokers enough", configuration({ apply: topic(3) })],
    ["it makes no topic", { resource: { aws_s3_bucket: {} } }],
  ])("is as it was where %s", (_, given) => {
    const { configuration: fitted, changes } = fitTopics(given, 3);
    expect(fitted).toBe(given);
    expect(changes).toEqual([]);
  });
});

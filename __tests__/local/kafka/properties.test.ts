import { fitted, readProperties } from "../../../local/kafka";
import { serverProperties } from "../../../local/kafka/properties";

const ports = [1, 2, 3].map((n) => ({ broker: 1000 + n, controller: 2000 + n }));
const textOf = (node: number, configuration = {}) =>
  readProperties(serverProperties({ node, ports, data: "/d", configuration }));

describe("a node's properties", () => {
  it("take over what the MSK configuration says", () => {
    const configuration = readProperties(
      "# comment\nauto.create.topics.enable = false\n\nlog.retention.hours=168\r\nmin.insync.replicas: 2",
    );
    expect(configuration).toEqual({
      "auto.create.topics.enable": "false",
      "log.retention.hours": "168",
      "min.insync.replicas": "2",
    });
    expect(textOf(1, configuration)).toMatchObject(configuration);
  });

  it("listen on this machine only, each node with addresses of its own in one quorum", () => {
    expect(textOf(2, { listeners: "PLAINTEXT://0.0.0.0:9092", "node.id": "9" })).toMatchObject({
      "node.id": "2",
      listeners: "PLAINTEXT://127.0.0.1:1002,CONTROLLER://127.0.0.1:2002",
      "advertised.listeners": "PLAINTEXT://127.0.0.1:1002",
      "controller.quorum.voters": "1@127.0.0.1:2001,2@127.0.0.1:2002,3@127.0.0.1:2003",
    });
  });

  it("say what does not fit fewer nodes, and change nothing else", () => {
    const asked = { "min.insync.replicas": "2", "default.replication.factor": "3", "num.partitions": "6" };
    expect(fitted(asked, 3)).toEqual({ configuration: asked, changes: [] });
    expect(fitted(asked, 1)).toEqual({
      configuration: { "min.insync.replicas": "1", "default.replication.factor": "1", "num.partitions": "6" },
      changes: ["default.replication.factor is 1 instead of 3", "min.insync.replicas is 1 instead of 2"],
    });
  });
});

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import * as path from "node:path";
import type { KafkaSetup } from "../setup/kafka";
import { SetupError } from "../setup/problem";
import { KafkaNode } from "./node";
import { type Configuration, fitted, type NodePorts, serverProperties } from "./properties";

export interface ClusterOptions {
  /** From `ensureKafka`. */
  readonly setup: KafkaSetup;
  /** Of the cluster: a folder a node is made in it. */
  readonly folder: string;
  /** Of the run, which the processes are marked with. */
  readonly runFolder: string;
  /** Brokers, 1 to 9; each is a controller too. */
  readonly nodes: number;
  /** As the MSK configuration has it. What cannot hold with so few nodes is changed: see `changes`. */
  readonly configuration?: Configuration;
  /** Megabytes of Java heap a node. @default 256 */
  readonly heap?: number;
  /** Called with the id of each process that is started. */
  readonly onProcess?: (pid: number, what: string) => void;
  /** Ends a start that is under way; one that is over is left alone. */
  readonly signal?: AbortSignal;
}

/** A real Apache Kafka cluster (KRaft) on 127.0.0.1. Its addresses stay the same when nodes are killed and started again. */
export class KafkaCluster {
  private constructor(
    private readonly members: readonly KafkaNode[],
    /** `127.0.0.1:PORT,127.0.0.1:PORT`, one a node. */
    readonly bootstrap: string,
    /** What of the configuration does not fit the number of nodes, one line each. */
    readonly changes: readonly string[],
    private readonly propertiesOf: (node: number, configuration: Configuration) => string,
  ) {}

  /** Resolves when every broker serves. @throws SetupError when one does not start, or is stopped by `signal` before it does */
  static async start(options: ClusterOptions): Promise<KafkaCluster> {
    const { nodes, signal } = options;
    if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= 9)) {
      throw new RangeError(`a local Kafka cluster has 1 to 9 nodes, got ${nodes}`);
    }
    const goOn = () => {
      if (signal?.aborted) throw new SetupError("the Kafka brokers were stopped before they had started");
    };
    goOn();
    const { configuration, changes } = fitted(options.configuration ?? {}, nodes);
    const ports = await freePorts(nodes);
    // 16 bytes in the letters that Kafka takes for an id.
    const clusterId = randomBytes(16).toString("base64url");
    const folderOf = (n: number) => path.join(options.folder, `node-${n}`);
    const propertiesOf = (node: number, of: Configuration) =>
      serverProperties({ node, ports, data: path.join(folderOf(node), "data"), configuration: of });
    const members = await Promise.all(
      ports.map((_, n) => {
        return KafkaNode.format({
          setup: options.setup,
          folder: folderOf(n + 1),
          runFolder: options.runFolder,
          properties: propertiesOf(n + 1, configuration),
          clusterId,
          heap: options.heap ?? 256,
          onProcess: (pid) => options.onProcess?.(pid, `kafka node ${n + 1}`),
        });
      }),
    );
    const bootstrap = ports.map(({ broker }) => `127.0.0.1:${broker}`).join(",");
    const cluster = new KafkaCluster(members, bootstrap, changes, propertiesOf);
    const abort = () => void cluster.kill();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      goOn();
      await Promise.all(members.map((node) => node.start()));
    } catch (error) {
      await cluster.kill();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return cluster;
  }

  get nodes(): number {
    return this.members.length;
  }

  /** Kills a node, from 1, as a power failure would; without a number, all. */
  async kill(node?: number): Promise<void> {
    await Promise.all(this.some(node).map((member) => member.kill()));
  }

  /** Starts what is not running: one node, or all. */
  async restart(node?: number): Promise<void> {
    await Promise.all(this.some(node).map((member) => member.start()));
  }

  /** Takes another configuration, one node after the other as MSK does, on the same addresses and data. Answers what of it does not fit, one line each. */
  async reconfigure(given: Configuration): Promise<readonly string[]> {
    const { configuration, changes } = fitted(given, this.nodes);
    for (const [n, member] of this.members.entries()) {
      await member.stop();
      member.configure(this.propertiesOf(n + 1, configuration));
      await member.start();
    }
    return changes;
  }

  /** Ends all nodes. Their data stays in the folder. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }

  private some(node: number | undefined): readonly KafkaNode[] {
    if (node === undefined) return this.members;
    const member = this.members[node - 1];
    if (!member) throw new RangeError(`the cluster has nodes 1 to ${this.members.length}, got ${node}`);
    return [member];
  }
}

/** Ports that nothing listens on, all held at once so that no two are the same. */
async function freePorts(nodes: number): Promise<NodePorts[]> {
  const held: Server[] = [];
  const one = async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    held.push(server);
    return (server.address() as { port: number }).port;
  };
  try {
    const ports: NodePorts[] = [];
    for (let n = 0; n < nodes; n++) ports.push({ broker: await one(), controller: await one() });
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

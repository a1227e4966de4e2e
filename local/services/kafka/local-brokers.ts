import { existsSync, rmSync } from "node:fs";
import * as path from "node:path";
import { KafkaCluster, readProperties } from "../../kafka";
import { ensureKafka } from "../../setup/kafka";
import type { Brokers, WantedBrokers } from "./brokers";

export interface LocalBrokersOptions {
  /** Of the run; the brokers' data go to a folder of the cluster's in `kafka`. */
  readonly folder: string;
  /** Nodes of every cluster, whatever was applied. @default as many as applied */
  readonly nodes?: number;
  /** Told what of the applied configuration does not fit so few nodes, a line each. */
  readonly says?: (line: string) => void;
}

interface Running {
  readonly wanted: WantedBrokers;
  readonly cluster: KafkaCluster;
}

export interface LocalBrokers extends Brokers {
  /** `127.0.0.1:PORT,...` of a cluster that runs. */
  bootstrapOf(arn: string): string | undefined;
}

/** Real Apache Kafka on this machine behind the control plane's clusters. Java and its JARs are looked for when the first cluster is made. */
export function localBrokers({ folder, nodes, says = () => undefined }: LocalBrokersOptions): LocalBrokers {
  const running = new Map<string, Running>();
  const starting = new Set<Promise<KafkaCluster>>();
  const closing = new AbortController();
  // A name may come again, and in two accounts at once; what identifies a cluster is the end of its ARN.
  const folderOf = ({ name, arn }: WantedBrokers) => path.join(folder, "kafka", `${name}-${arn.split("/").at(-1)}`);

  async function start(wanted: WantedBrokers): Promise<readonly string[]> {
    const begun = KafkaCluster.start({
      setup: await ensureKafka(says),
      folder: folderOf(wanted),
      runFolder: folder,
      nodes: nodes ?? wanted.nodes,
      configuration: readProperties(wanted.serverProperties),
      signal: closing.signal,
    });
    starting.add(begun);
    const cluster = await begun.finally(() => starting.delete(begun));
    for (const line of cluster.changes) says(line);
    running.set(wanted.arn, { wanted, cluster });
    return cluster.bootstrap.split(",");
  }

  /** Settings that the brokers do not take leave them with those they had. */
  async function reconfigure({ cluster, wanted: before }: Running, wanted: WantedBrokers): Promise<void> {
    try {
      for (const line of await cluster.reconfigure(readProperties(wanted.serverProperties))) says(line);
    } catch (error) {
      await cluster.reconfigure(readProperties(before.serverProperties));
      throw error;
    }
  }

  return {
    bootstrapOf: (arn) => running.get(arn)?.cluster.bootstrap,
    async apply(wanted) {
      const before = running.get(wanted.arn);
      if (!before) return start(wanted);
      // Its quorum is written into each node, so that a node more would be another cluster.
      if (nodes === undefined && before.wanted.nodes !== wanted.nodes) {
        throw new Error(
          `the local brokers of ${wanted.name} stay ${before.wanted.nodes}, and cannot become ${wanted.nodes}: destroy the cluster and apply it again`,
        );
      }
      if (before.wanted.serverProperties !== wanted.serverProperties) await reconfigure(before, wanted);
      running.set(wanted.arn, { wanted, cluster: before.cluster });
      return before.cluster.bootstrap.split(",");
    },
    async remove(arn) {
      const one = running.get(arn);
      if (!one) return;
      running.delete(arn);
      await one.cluster.stop();
      const data = folderOf(one.wanted);
      if (existsSync(data)) rmSync(data, { recursive: true, force: true });
    },
    async close() {
      // Brokers that are only starting would go on, and keep this process from ending.
      closing.abort();
      await Promise.allSettled(starting);
      await Promise.all([...running.values()].map(({ cluster }) => cluster.stop()));
      running.clear();
    },
  };
}

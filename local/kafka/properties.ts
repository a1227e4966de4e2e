/** Ports of a node on 127.0.0.1. */
export interface NodePorts {
  readonly broker: number;
  readonly controller: number;
}

/** A broker's configuration by Kafka's own names, as an MSK configuration has it: https://kafka.apache.org/41/configuration/broker-configs/ */
export type Configuration = Readonly<Record<string, string>>;

/** `a=b` lines; blank lines and `#` comments are passed over, as Java's properties are. */
export function readProperties(text: string): Configuration {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found[name] = value;
  }
  return found;
}

/** What cannot be larger than the number of nodes. */
const BY_NODES = ["default.replication.factor", "min.insync.replicas"];

/** The configuration for so few nodes, and what was changed for it, one line each. */
export function fitted(
  configuration: Configuration,
  nodes: number,
): { readonly configuration: Configuration; readonly changes: readonly string[] } {
  const fits: Record<string, string> = { ...configuration };
  const changes: string[] = [];
  for (const name of BY_NODES) {
    const value = configuration[name];
    if (value === undefined || Number(value) <= nodes) continue;
    fits[name] = String(nodes);
    changes.push(`${name} is ${nodes} instead of ${value}`);
  }
  return { configuration: fits, changes };
}

/**
 * `server.properties` of one node, broker and controller in one: the given configuration, and over it what the local run decides (addresses, folders, and small
 * internal topics, which MSK does not let one set either).
 */
export function serverProperties(options: {
  /** From 1. */
  readonly node: number;
  readonly ports: readonly NodePorts[];
  readonly data: string;
  readonly configuration: Configuration;
}): string {
  const { node, ports, data, configuration } = options;
  const own = ports[node - 1]!;
  const replicas = String(Math.min(3, ports.length));
  const insync = String(Math.min(2, ports.length));
  const all: Record<string, string> = {
    ...configuration,
    "process.roles": "broker,controller",
    "node.id": String(node),
    "controller.quorum.voters": ports.map(({ controller }, n) => `${n + 1}@127.0.0.1:${controller}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${own.broker},CONTROLLER://127.0.0.1:${own.controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${own.broker}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": data,
    "offsets.topic.num.partitions": "3",
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.num.partitions": "3",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": insync,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": insync,
    "group.initial.rebalance.delay.ms": "0",
  };
  return `${Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}\n`;
}

import type { Construct } from "constructs";
import type { Bucket } from "../modules/bucket";
import type { EncryptionKey } from "../modules/encryption-key";
import { type Kafka, MskCluster, type MskClusterProps, MskServerless } from "../modules/msk";
import { type OrderSettings, type Settings, SettingsError } from "../settings";

export interface OrdersKafkaProps {
  readonly settings: Settings;
  readonly name: string;
  readonly network: MskClusterProps["network"];
  readonly key: EncryptionKey;
  readonly logs: Bucket;
  readonly logRetentionDays: number;
}

/** Settings that a serverless cluster has no use for. */
const OF_BROKERS = [
  "brokers",
  "kafkaVersion",
  "instanceType",
  "volumeGb",
  "maxVolumeGb",
  "monitoring",
] as const satisfies readonly (keyof OrderSettings)[];

/** The cluster that the settings choose, as `kafka` of `scope`. */
export function createKafka(scope: Construct, props: OrdersKafkaProps): Kafka {
  const { settings, name, network, key, logs, logRetentionDays } = props;
  const { orders, profile } = settings;
  if (orders.kafka === "serverless") {
    const useless = OF_BROKERS.find((setting) => orders[setting] !== undefined);
    if (useless !== undefined) {
      throw new SettingsError(
        `${scope.node.path}: orders.${useless} is for orders.kafka "provisioned", got kafka "serverless" and ${useless} ${JSON.stringify(orders[useless])}`,
      );
    }
    return new MskServerless(scope, "kafka", { name, network, profile });
  }
  const { brokers, volumeGb, maxVolumeGb, kafkaVersion, instanceType, monitoring } = orders;
  return new MskCluster(scope, "kafka", {
    name,
    network,
    key,
    logBucket: logs,
    profile,
    brokers,
    volumeGb,
    maxVolumeGb,
    // The construct checks them: a settings file may hold any text.
    kafkaVersion: kafkaVersion as MskClusterProps["kafkaVersion"],
    instanceType: instanceType as MskClusterProps["instanceType"],
    monitoring: monitoring as MskClusterProps["monitoring"],
    logRetentionDays,
  });
}

import { type Input, invalid, type Json } from "./json";

/** What CreateCluster says of a provisioned cluster; kept as it came where nothing here reads it. */
export interface Provisioned {
  kafkaVersion: string;
  nodes: number;
  brokerNodeGroupInfo: Json;
  configuration: { readonly arn: string; readonly revision: number } | undefined;
  clientAuthentication: Json;
  encryptionInfo: Json;
  enhancedMonitoring: string;
  openMonitoring: Json | undefined;
  loggingInfo: Json | undefined;
  storageMode: string;
}

/** Members as https://docs.aws.amazon.com/msk/1.0/apireference/v2-clusters.html names them, with AWS's defaults. */
export function readProvisioned(input: Input): Provisioned & { readonly subnets: readonly string[] } {
  const nodes = input.required("numberOfBrokerNodes", input.integer("numberOfBrokerNodes"));
  const brokers = input.required("brokerNodeGroupInfo", input.object("brokerNodeGroupInfo"));
  const subnets = brokers.required("clientSubnets", brokers.strings("clientSubnets"));
  brokers.required("instanceType", brokers.string("instanceType"));
  if (subnets.length < 2 || subnets.length > 3) {
    throw invalid(`brokerNodeGroupInfo.clientSubnets must be 2 or 3, got ${subnets.length}.`);
  }
  if (nodes < subnets.length || nodes % subnets.length !== 0) {
    throw invalid(
      `The number of broker nodes must be a multiple of Availability Zones: got ${nodes} for ${subnets.length} client subnets.`,
    );
  }
  const encryption = input.json("encryptionInfo") ?? {};
  return {
    subnets,
    nodes,
    kafkaVersion: input.required("kafkaVersion", input.string("kafkaVersion")),
    brokerNodeGroupInfo: {
      brokerAZDistribution: "DEFAULT",
      connectivityInfo: { publicAccess: { type: "DISABLED" } },
      ...input.json("brokerNodeGroupInfo"),
    },
    configuration: configurationOf(input),
    clientAuthentication: input.json("clientAuthentication") ?? { unauthenticated: { enabled: true } },
    encryptionInfo: { encryptionInTransit: { clientBroker: "TLS", inCluster: true }, ...encryption },
    enhancedMonitoring: input.string("enhancedMonitoring") ?? "DEFAULT",
    openMonitoring: input.json("openMonitoring"),
    loggingInfo: input.json("loggingInfo"),
    storageMode: input.string("storageMode") ?? "LOCAL",
  };
}

/** The configuration that a call names, if any. */
export function configurationOf(input: Input): Provisioned["configuration"] {
  const given = input.object("configurationInfo");
  if (!given) return undefined;
  return {
    arn: given.required("arn", given.string("arn")),
    revision: given.required("revision", given.integer("revision")),
  };
}

/** As DescribeCluster shows it, in a word each. */
export function describeProvisioned(of: Provisioned): Json {
  return {
    brokerNodeGroupInfo: of.brokerNodeGroupInfo,
    currentBrokerSoftwareInfo: {
      kafkaVersion: of.kafkaVersion,
      ...(of.configuration
        ? { configurationArn: of.configuration.arn, configurationRevision: of.configuration.revision }
        : {}),
    },
    clientAuthentication: of.clientAuthentication,
    encryptionInfo: of.encryptionInfo,
    enhancedMonitoring: of.enhancedMonitoring,
    numberOfBrokerNodes: of.nodes,
    storageMode: of.storageMode,
    ...(of.openMonitoring ? { openMonitoring: of.openMonitoring } : {}),
    ...(of.loggingInfo ? { loggingInfo: of.loggingInfo } : {}),
  };
}

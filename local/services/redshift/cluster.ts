import { AwsError } from "../../gateway/types";
import { Members, type Xml } from "./query";

/** A cluster as the control plane keeps it. */
export interface Cluster {
  identifier: string;
  readonly arn: string;
  readonly namespaceArn: string;
  readonly host: string;
  readonly created: Date;
  readonly database: string;
  readonly masterUser: string;
  masterSecretArn?: string;
  masterSecretKmsKeyId?: string;
  nodeType: string;
  nodes: number;
  port: number;
  readonly subnetGroup: string;
  vpcId: string;
  zone: string;
  securityGroups: readonly string[];
  parameterGroup: string;
  /** Whether the parameter group changed after the last restart. */
  rebootPending: boolean;
  maintenanceWindow: string;
  automatedSnapshotDays: number;
  manualSnapshotDays: number;
  version: string;
  allowVersionUpgrade: boolean;
  publiclyAccessible: boolean;
  encrypted: boolean;
  kmsKeyId?: string;
  enhancedVpcRouting: boolean;
  readonly roles: Set<string>;
  defaultRole?: string;
  track: string;
  relocation: boolean;
  multiAz: boolean;
  logging: { enabled: boolean; bucket?: string; prefix?: string; destination?: string; exports: readonly string[] };
}

/** Node types that can be ordered, with the nodes they go with: https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-clusters.html */
const NODE_TYPES: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  "ra3.large": { min: 1, max: 16 },
  "ra3.xlplus": { min: 1, max: 32 },
  "ra3.4xlarge": { min: 2, max: 128 },
  "ra3.16xlarge": { min: 2, max: 128 },
  "rg.xlarge": { min: 1, max: 32 },
  "rg.4xlarge": { min: 2, max: 128 },
};

/** @throws AwsError for a node type that AWS no longer sells, or a number of nodes that it does not come in */
export function checkNodes(nodeType: string, nodes: number): void {
  const range = NODE_TYPES[nodeType];
  if (!range)
    throw new AwsError(
      "InvalidParameterValue",
      `Invalid node type: ${nodeType}; it must be one of ${Object.keys(NODE_TYPES).join(", ")}`,
    );
  if (nodes < range.min || nodes > range.max) {
    throw new AwsError(
      "InvalidParameterCombination",
      `Number of nodes for node type ${nodeType} must be between ${range.min} and ${range.max}, got ${nodes}`,
    );
  }
}

/** By https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html */
export function checkIdentifier(identifier: string): string {
  const lower = identifier.toLowerCase();
  if (!/^[a-z](?:-?[a-z0-9])*$/.test(lower) || lower.length > 63) {
    throw new AwsError(
      "InvalidParameterValue",
      `ClusterIdentifier must be 1 to 63 letters, digits and single hyphens, begin with a letter and not end with a hyphen, got ${identifier}`,
    );
  }
  return lower;
}

export function clusterXml(cluster: Cluster, status: string, tags: Members): Xml {
  const zones =
    cluster.nodes === 1 ? ["SHARED"] : ["LEADER", ...Array.from({ length: cluster.nodes }, (_, i) => `COMPUTE-${i}`)];
  return {
    ClusterIdentifier: cluster.identifier,
    NodeType: cluster.nodeType,
    ClusterStatus: status,
    ClusterAvailabilityStatus: status === "available" ? "Available" : "Modifying",
    MasterUsername: cluster.masterUser,
    DBName: cluster.database,
    Endpoint: { Address: cluster.host, Port: cluster.port },
    ClusterCreateTime: cluster.created,
    AutomatedSnapshotRetentionPeriod: cluster.automatedSnapshotDays,
    ManualSnapshotRetentionPeriod: cluster.manualSnapshotDays,
    VpcSecurityGroups: new Members(
      "VpcSecurityGroup",
      cluster.securityGroups.map((VpcSecurityGroupId) => ({ VpcSecurityGroupId, Status: "active" })),
    ),
    ClusterParameterGroups: new Members("ClusterParameterGroup", [
      {
        ParameterGroupName: cluster.parameterGroup,
        ParameterApplyStatus: cluster.rebootPending ? "pending-reboot" : "in-sync",
      },
    ]),
    ClusterSubnetGroupName: cluster.subnetGroup,
    VpcId: cluster.vpcId,
    AvailabilityZone: cluster.zone,
    PreferredMaintenanceWindow: cluster.maintenanceWindow,
    PendingModifiedValues: {},
    ClusterVersion: cluster.version,
    AllowVersionUpgrade: cluster.allowVersionUpgrade,
    NumberOfNodes: cluster.nodes,
    PubliclyAccessible: cluster.publiclyAccessible,
    Encrypted: cluster.encrypted,
    ClusterNodes: new Members(
      "member",
      zones.map((NodeRole) => ({ NodeRole })),
    ),
    ClusterRevisionNumber: "1",
    Tags: tags,
    KmsKeyId: cluster.kmsKeyId,
    EnhancedVpcRouting: cluster.enhancedVpcRouting,
    IamRoles: new Members(
      "ClusterIamRole",
      [...cluster.roles].map((IamRoleArn) => ({ IamRoleArn, ApplyStatus: "in-sync" })),
    ),
    DefaultIamRoleArn: cluster.defaultRole,
    MaintenanceTrackName: cluster.track,
    AvailabilityZoneRelocationStatus: cluster.relocation ? "enabled" : "disabled",
    MultiAZ: cluster.multiAz ? "enabled" : "disabled",
    AquaConfiguration: { AquaStatus: "disabled", AquaConfigurationStatus: "auto" },
    ClusterNamespaceArn: cluster.namespaceArn,
    MasterPasswordSecretArn: cluster.masterSecretArn,
    MasterPasswordSecretKmsKeyId: cluster.masterSecretKmsKeyId,
  };
}

import { createHash, randomUUID } from "node:crypto";
import { GetBucketLocationCommand, S3Client } from "@aws-sdk/client-s3";
import { AwsError, type LocalAws } from "../../gateway/types";
import { createAdminSecret, deleteAdminSecret, newPassword } from "../../redshift-common/admin-secret";
import { SqlError, type Warehouses } from "../../warehouse";
import { type Cluster, checkIdentifier, checkNodes, clusterXml } from "./cluster";
import type { ParameterGroups } from "./parameter-groups";
import { Members, type Parameters, type Xml } from "./query";
import type { SubnetGroups } from "./subnet-groups";
import type { Tags } from "./tags";

/** Clusters: what the control plane says of them, and the warehouse behind each. */
export class Clusters {
  private readonly clusters = new Map<string, Cluster>();
  private readonly snapshots = new Map<string, Xml>();
  /** Names whose creation is under way, so that a second call does not make a second one. */
  private readonly making = new Set<string>();

  constructor(
    private readonly aws: LocalAws,
    private readonly warehouses: Warehouses,
    private readonly tags: Tags,
    private readonly groups: () => { parameters: ParameterGroups; subnets: SubnetGroups },
  ) {}

  usesParameterGroup(name: string): boolean {
    return [...this.clusters.values()].some((cluster) => cluster.parameterGroup === name);
  }

  usesSubnetGroup(name: string): boolean {
    return [...this.clusters.values()].some((cluster) => cluster.subnetGroup === name);
  }

  parameterGroupChanged(name: string): void {
    for (const cluster of this.clusters.values())
      if (cluster.parameterGroup === name.toLowerCase()) cluster.rebootPending = true;
  }

  at(host: string): Cluster | undefined {
    return [...this.clusters.values()].find((cluster) => cluster.host === host);
  }

  async create(parameters: Parameters): Promise<Xml> {
    const identifier = checkIdentifier(parameters.require("ClusterIdentifier"));
    if (this.clusters.has(identifier) || this.making.has(identifier)) {
      throw new AwsError("ClusterAlreadyExists", `Cluster already exists: ${identifier}`);
    }
    this.making.add(identifier);
    try {
      return await this.make(identifier, parameters);
    } finally {
      this.making.delete(identifier);
    }
  }

  private async make(identifier: string, parameters: Parameters): Promise<Xml> {
    const { parameters: parameterGroups, subnets } = this.groups();
    const nodeType = parameters.require("NodeType").toLowerCase();
    const nodes = nodeCount(parameters);
    checkNodes(nodeType, nodes);
    const masterUser = parameters.require("MasterUsername").toLowerCase();
    const managed = parameters.boolean("ManageMasterPassword") ?? false;
    const given = parameters.get("MasterUserPassword");
    if (managed === (given !== undefined)) {
      throw new AwsError(
        "InvalidParameterCombination",
        "Give either MasterUserPassword or ManageMasterPassword, and not both",
      );
    }
    const subnetGroup = parameters.get("ClusterSubnetGroupName");
    if (!subnetGroup)
      throw new AwsError("InvalidVPCNetworkStateFault", "This account has no default VPC: give ClusterSubnetGroupName");
    const { vpcId, subnets: places, name: subnetGroupName } = subnets.find(subnetGroup);
    const parameterGroup = parameterGroups.find(
      parameters.get("ClusterParameterGroupName") ?? "default.redshift-2.0",
    ).name;
    const encrypted = parameters.boolean("Encrypted") ?? true;
    const { region, accountId } = this.aws;
    const kmsKeyId = keyArn(parameters.get("KmsKeyId"), region, accountId);
    if (kmsKeyId && !encrypted)
      throw new AwsError("InvalidParameterCombination", "KmsKeyId needs Encrypted to be true");
    const hash = createHash("sha256").update(`${accountId} ${identifier} ${randomUUID()}`).digest("hex");
    const cluster: Cluster = {
      identifier,
      arn: this.arn(identifier),
      namespaceArn: `arn:aws:redshift:${region}:${accountId}:namespace:${randomUUID()}`,
      host: `${identifier}.c${hash.slice(0, 11)}.${region}.redshift.amazonaws.com`,
      created: this.aws.clock.now(),
      database: (parameters.get("DBName") ?? "dev").toLowerCase(),
      masterUser,
      nodeType,
      nodes,
      port: parameters.integer("Port", 1150, 65535) ?? 5439,
      subnetGroup: subnetGroupName,
      vpcId,
      zone: parameters.get("AvailabilityZone") ?? places[0]!.zone,
      securityGroups: parameters.list("VpcSecurityGroupIds") ?? [],
      parameterGroup,
      rebootPending: false,
      maintenanceWindow: (parameters.get("PreferredMaintenanceWindow") ?? "sun:05:30-sun:06:00").toLowerCase(),
      automatedSnapshotDays: parameters.integer("AutomatedSnapshotRetentionPeriod", 0, 35) ?? 1,
      manualSnapshotDays: parameters.integer("ManualSnapshotRetentionPeriod", -1, 3653) ?? -1,
      version: parameters.get("ClusterVersion") ?? "1.0",
      allowVersionUpgrade: parameters.boolean("AllowVersionUpgrade") ?? true,
      publiclyAccessible: parameters.boolean("PubliclyAccessible") ?? false,
      encrypted,
      ...(kmsKeyId ? { kmsKeyId } : encrypted ? { kmsKeyId: "AWS_OWNED_KMS_KEY" } : {}),
      enhancedVpcRouting: parameters.boolean("EnhancedVpcRouting") ?? false,
      roles: new Set(parameters.list("IamRoles") ?? []),
      ...optional("defaultRole", parameters.get("DefaultIamRoleArn")),
      track: parameters.get("MaintenanceTrackName") ?? "current",
      relocation: parameters.boolean("AvailabilityZoneRelocation") ?? false,
      multiAz: parameters.boolean("MultiAZ") ?? false,
      logging: { enabled: false, exports: [] },
    };
    await this.open(cluster, given ?? newPassword(), managed, parameters.get("MasterPasswordSecretKmsKeyId"));
    this.clusters.set(identifier, cluster);
    this.tags.open(cluster.arn, parameters.structures("Tags"));
    return { Cluster: this.xml(cluster, "creating") };
  }

  private async open(
    cluster: Cluster,
    password: string,
    managed: boolean,
    secretKey: string | undefined,
  ): Promise<void> {
    const { host, port, database, masterUser, identifier } = cluster;
    try {
      const warehouse = await this.warehouses.create({
        host,
        name: identifier,
        port,
        database,
        admin: { user: masterUser, password },
      });
      for (const role of cluster.roles) warehouse.roles.add(role);
      warehouse.defaultRole = cluster.defaultRole;
      if (managed) await this.manage(cluster, password, secretKey);
    } catch (error) {
      await this.warehouses.drop(host);
      throw error instanceof SqlError ? new AwsError("InvalidParameterValue", error.message) : error;
    }
  }

  private async manage(cluster: Cluster, password: string, secretKey: string | undefined): Promise<void> {
    cluster.masterSecretArn = await createAdminSecret(this.aws, {
      owner: { kind: "cluster", name: cluster.identifier, arn: cluster.arn },
      user: cluster.masterUser,
      password,
      kmsKeyId: secretKey,
    });
    if (secretKey) cluster.masterSecretKmsKeyId = secretKey;
  }

  describe(parameters: Parameters): Xml {
    const identifier = parameters.get("ClusterIdentifier");
    const clusters = identifier ? [this.find(identifier)] : [...this.clusters.values()];
    return {
      Clusters: new Members(
        "Cluster",
        clusters.map((cluster) => this.xml(cluster, "available")),
      ),
    };
  }

  async modify(parameters: Parameters): Promise<Xml> {
    const cluster = this.find(parameters.require("ClusterIdentifier"));
    const { parameters: parameterGroups } = this.groups();
    const refused = ["NewClusterIdentifier", "Port", "HsmConfigurationIdentifier", "ElasticIp"].find((name) =>
      parameters.get(name),
    );
    if (refused)
      throw new AwsError("InvalidParameterValue", `ModifyCluster ${refused} is not carried by the local Redshift`);
    const nodeType = parameters.get("NodeType")?.toLowerCase() ?? cluster.nodeType;
    const nodes =
      parameters.get("NumberOfNodes") || parameters.get("ClusterType") ? nodeCount(parameters) : cluster.nodes;
    checkNodes(nodeType, nodes);
    const group = parameters.get("ClusterParameterGroupName");
    if (group) {
      const { name } = parameterGroups.find(group);
      if (name !== cluster.parameterGroup) Object.assign(cluster, { parameterGroup: name, rebootPending: true });
    }
    await this.changePassword(cluster, parameters);
    Object.assign(cluster, { nodeType, nodes });
    const encrypted = parameters.boolean("Encrypted");
    const kmsKeyId = keyArn(parameters.get("KmsKeyId"), this.aws.region, this.aws.accountId);
    if (encrypted !== undefined)
      Object.assign(cluster, {
        encrypted,
        kmsKeyId: encrypted ? (kmsKeyId ?? cluster.kmsKeyId ?? "AWS_OWNED_KMS_KEY") : undefined,
      });
    else if (kmsKeyId) cluster.kmsKeyId = kmsKeyId;
    Object.assign(
      cluster,
      optional("securityGroups", parameters.list("VpcSecurityGroupIds")),
      optional("publiclyAccessible", parameters.boolean("PubliclyAccessible")),
      optional("enhancedVpcRouting", parameters.boolean("EnhancedVpcRouting")),
      optional("automatedSnapshotDays", parameters.integer("AutomatedSnapshotRetentionPeriod", 0, 35)),
      optional("manualSnapshotDays", parameters.integer("ManualSnapshotRetentionPeriod", -1, 3653)),
      optional("maintenanceWindow", parameters.get("PreferredMaintenanceWindow")?.toLowerCase()),
      optional("allowVersionUpgrade", parameters.boolean("AllowVersionUpgrade")),
      optional("version", parameters.get("ClusterVersion")),
      optional("track", parameters.get("MaintenanceTrackName")),
      optional("relocation", parameters.boolean("AvailabilityZoneRelocation")),
      optional("zone", parameters.get("AvailabilityZone")),
      optional("multiAz", parameters.boolean("MultiAZ")),
    );
    return { Cluster: this.xml(cluster, "available") };
  }

  private async changePassword(cluster: Cluster, parameters: Parameters): Promise<void> {
    const managed = parameters.boolean("ManageMasterPassword");
    const given = parameters.get("MasterUserPassword");
    if (managed && given)
      throw new AwsError(
        "InvalidParameterCombination",
        "Give either MasterUserPassword or ManageMasterPassword, and not both",
      );
    if (managed === false && cluster.masterSecretArn && !given) {
      throw new AwsError(
        "InvalidParameterCombination",
        "MasterUserPassword is needed when ManageMasterPassword is turned off",
      );
    }
    const warehouse = this.warehouses.at(cluster.host);
    if (given) {
      if (cluster.masterSecretArn && managed !== false) {
        throw new AwsError(
          "InvalidParameterCombination",
          "MasterUserPassword cannot be set while the password is managed: turn ManageMasterPassword off",
        );
      }
      await asParameter(() => warehouse!.setAdminPassword(given));
    }
    if (managed === false && cluster.masterSecretArn) {
      await deleteAdminSecret(this.aws, cluster.masterSecretArn);
      cluster.masterSecretArn = undefined;
      cluster.masterSecretKmsKeyId = undefined;
    }
    if (managed && !cluster.masterSecretArn) {
      const password = newPassword();
      await this.manage(cluster, password, parameters.get("MasterPasswordSecretKmsKeyId"));
      await warehouse!.setAdminPassword(password);
    }
  }

  modifyRoles(parameters: Parameters): Xml {
    const cluster = this.find(parameters.require("ClusterIdentifier"));
    const warehouse = this.warehouses.at(cluster.host)!;
    for (const role of parameters.list("RemoveIamRoles") ?? []) {
      cluster.roles.delete(role);
      warehouse.roles.delete(role);
    }
    for (const role of parameters.list("AddIamRoles") ?? []) {
      cluster.roles.add(role);
      warehouse.roles.add(role);
    }
    const byDefault = parameters.get("DefaultIamRoleArn");
    if (byDefault && !cluster.roles.has(byDefault))
      throw new AwsError("InvalidParameterValue", `DefaultIamRoleArn ${byDefault} is not associated with the cluster`);
    if (byDefault) cluster.defaultRole = warehouse.defaultRole = byDefault;
    return { Cluster: this.xml(cluster, "available") };
  }

  reboot(parameters: Parameters): Xml {
    const cluster = this.find(parameters.require("ClusterIdentifier"));
    cluster.rebootPending = false;
    return { Cluster: this.xml(cluster, "rebooting") };
  }

  /** Aqua is chosen by Redshift itself since 2022; the call is accepted and changes nothing. */
  modifyAqua(parameters: Parameters): Xml {
    this.find(parameters.require("ClusterIdentifier"));
    return { AquaConfiguration: { AquaStatus: "disabled", AquaConfigurationStatus: "auto" } };
  }

  /** The data goes, unless a final snapshot is asked for: then its file stays under `snapshots/`. */
  async delete(parameters: Parameters): Promise<Xml> {
    const cluster = this.find(parameters.require("ClusterIdentifier"));
    const skip = parameters.boolean("SkipFinalClusterSnapshot") ?? false;
    const snapshot = parameters.get("FinalClusterSnapshotIdentifier");
    if (skip === (snapshot !== undefined)) {
      throw new AwsError(
        "InvalidParameterCombination",
        skip
          ? "FinalClusterSnapshotIdentifier cannot be given with SkipFinalClusterSnapshot"
          : "FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is specified.",
      );
    }
    if (snapshot && this.snapshots.has(snapshot))
      throw new AwsError(
        "ClusterSnapshotAlreadyExists",
        `Cannot create the snapshot because a snapshot with the identifier ${snapshot} already exists.`,
      );
    if (snapshot && !/^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(snapshot))
      throw new AwsError(
        "InvalidParameterValue",
        `FinalClusterSnapshotIdentifier must be letters, digits and single hyphens and begin with a letter, got ${snapshot}`,
      );
    this.clusters.delete(cluster.identifier);
    if (snapshot) {
      this.snapshots.set(snapshot, this.snapshot(cluster, snapshot));
      await this.warehouses.keep(cluster.host, snapshot);
    } else await this.warehouses.drop(cluster.host);
    if (cluster.masterSecretArn) await deleteAdminSecret(this.aws, cluster.masterSecretArn);
    const gone = this.xml(cluster, "deleting");
    this.tags.close(cluster.arn);
    return { Cluster: gone };
  }

  describeSnapshots(parameters: Parameters): Xml {
    const wanted = parameters.get("SnapshotIdentifier");
    if (wanted && !this.snapshots.has(wanted))
      throw new AwsError("ClusterSnapshotNotFound", `Snapshot not found: ${wanted}`, 404);
    const found = [...this.snapshots].filter(([name]) => !wanted || name === wanted).map(([, snapshot]) => snapshot);
    return { Snapshots: new Members("Snapshot", found) };
  }

  private snapshot(cluster: Cluster, identifier: string): Xml {
    return {
      SnapshotIdentifier: identifier,
      ClusterIdentifier: cluster.identifier,
      SnapshotCreateTime: this.aws.clock.now(),
      Status: "available",
      Port: cluster.port,
      ClusterCreateTime: cluster.created,
      MasterUsername: cluster.masterUser,
      ClusterVersion: cluster.version,
      SnapshotType: "manual",
      NodeType: cluster.nodeType,
      NumberOfNodes: cluster.nodes,
      DBName: cluster.database,
      VpcId: cluster.vpcId,
      Encrypted: cluster.encrypted,
      KmsKeyId: cluster.kmsKeyId,
      OwnerAccount: this.aws.accountId,
    };
  }

  async enableLogging(parameters: Parameters): Promise<Xml> {
    const cluster = this.find(parameters.require("ClusterIdentifier"));
    const bucket = parameters.get("BucketName");
    const destination = parameters.get("LogDestinationType") ?? "s3";
    const exports = parameters.list("LogExports") ?? [];
    if (destination === "s3") {
      if (!bucket) throw new AwsError("InvalidParameterCombination", "BucketName is needed when logs go to S3");
      await this.requireBucket(bucket);
    }
    const unknown = exports.find((log) => !["connectionlog", "userlog", "useractivitylog"].includes(log));
    if (unknown)
      throw new AwsError(
        "InvalidParameterValue",
        `LogExports must be connectionlog, userlog or useractivitylog, got ${unknown}`,
      );
    cluster.logging = {
      enabled: true,
      destination,
      exports,
      ...optional("bucket", bucket),
      ...optional("prefix", parameters.get("S3KeyPrefix")),
    };
    return this.loggingXml(cluster);
  }

  disableLogging(parameters: Parameters): Xml {
    const cluster = this.find(parameters.require("ClusterIdentifier"));
    cluster.logging = { enabled: false, exports: [] };
    return this.loggingXml(cluster);
  }

  describeLogging(parameters: Parameters): Xml {
    return this.loggingXml(this.find(parameters.require("ClusterIdentifier")));
  }

  private loggingXml({ logging }: Cluster): Xml {
    return {
      LoggingEnabled: logging.enabled,
      BucketName: logging.bucket,
      S3KeyPrefix: logging.prefix,
      LogDestinationType: logging.destination,
      ...(logging.exports.length > 0 ? { LogExports: new Members("member", logging.exports) } : {}),
    };
  }

  private async requireBucket(bucket: string): Promise<void> {
    const s3 = new S3Client(this.aws.internal);
    try {
      await s3.send(new GetBucketLocationCommand({ Bucket: bucket }));
    } catch (error) {
      if ((error as Error).name !== "NoSuchBucket") throw error;
      throw new AwsError("BucketNotFoundFault", `Could not find the specified S3 bucket: ${bucket}`);
    } finally {
      s3.destroy();
    }
  }

  /** @throws AwsError when there is no such cluster */
  find(identifier: string): Cluster {
    const cluster = this.clusters.get(identifier.toLowerCase());
    if (!cluster) throw new AwsError("ClusterNotFound", `Cluster ${identifier} not found.`, 404);
    return cluster;
  }

  arn(identifier: string): string {
    return `arn:aws:redshift:${this.aws.region}:${this.aws.accountId}:cluster:${identifier}`;
  }

  private xml(cluster: Cluster, status: string): Xml {
    return clusterXml(cluster, status, this.tags.xml(cluster.arn));
  }
}

function nodeCount(parameters: Parameters): number {
  const count = parameters.integer("NumberOfNodes", 1, 128);
  const type = parameters.get("ClusterType") ?? (count && count > 1 ? "multi-node" : "single-node");
  if (type === "single-node") {
    if (count !== undefined && count !== 1)
      throw new AwsError(
        "InvalidParameterCombination",
        `Number of nodes for cluster type single-node must be 1, got ${count}`,
      );
    return 1;
  }
  if (type !== "multi-node")
    throw new AwsError("InvalidParameterValue", `ClusterType must be single-node or multi-node, got ${type}`);
  if (count === undefined || count < 2)
    throw new AwsError(
      "InvalidParameterCombination",
      `Number of nodes for cluster type multi-node must be greater than or equal to 2, got ${count ?? "none"}`,
    );
  return count;
}

/** Redshift answers with an ARN whichever form it was given. */
function keyArn(key: string | undefined, region: string, accountId: string): string | undefined {
  if (key === undefined || key.startsWith("arn:")) return key;
  return `arn:aws:kms:${region}:${accountId}:${key.startsWith("alias/") ? key : `key/${key}`}`;
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V });
}

async function asParameter(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof SqlError ? new AwsError("InvalidParameterValue", error.message) : error;
  }
}

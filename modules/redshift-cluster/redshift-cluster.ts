import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { RedshiftCluster as Cluster } from "@cdktf/provider-aws/lib/redshift-cluster";
import { RedshiftLogging } from "@cdktf/provider-aws/lib/redshift-logging";
import { RedshiftParameterGroup } from "@cdktf/provider-aws/lib/redshift-parameter-group";
import { RedshiftSubnetGroup } from "@cdktf/provider-aws/lib/redshift-subnet-group";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { type Place, placeWarehouse } from "../redshift-network";
import { checkMatch, checkOneOf } from "../support/check";
import { serviceRole } from "../support/iam";
import { checkLogRetention } from "../support/log-retention";
import { AUDIT_LOGS, checkDatabaseNames, checkPort, type Delivery, placementOf } from "../support/redshift-checks";
import { checkNodes } from "./node-type";

const PROFILES = ["dev", "prod"] as const;

export interface RedshiftClusterProps {
  /** Cluster identifier: 1 to 63 of a-z, 0-9 and -, a letter first, no double or last hyphen. */
  readonly name: string;

  /** Region of the stack, such as `us-east-1`: Firehose's addresses there are the only ones admitted. */
  readonly region: string;

  /** Key that encrypts data, snapshots, the admin's secret and the audit logs. */
  readonly key: EncryptionKey;

  /**
   * `dev`: destroyed without a trace. `prod`: a final snapshot, snapshots for two weeks, and Terraform refuses to destroy or
   * replace the cluster until this is set to `dev` (Redshift itself has no deletion protection).
   *
   * @default "dev"
   */
  readonly profile?: (typeof PROFILES)[number];

  /**
   * First database: 1 to 64 of a-z, 0-9 and _, a letter or _ first, no reserved word.
   *
   * @default "telemetry"
   */
  readonly database?: string;

  /**
   * Superuser that Redshift makes: 1 to 127 of a-z, 0-9 and _, a letter first. Its password is made and rotated by Redshift in
   * Secrets Manager.
   *
   * @default "redstream_admin"
   */
  readonly adminUser?: string;

  /**
   * `ra3.large`, `ra3.xlplus`, `ra3.4xlarge`, `ra3.16xlarge`, or a Graviton `rg` type.
   *
   * @default "ra3.large"
   */
  readonly nodeType?: string;

  /**
   * Compute nodes. 1 is a single-node cluster, which ra3.4xlarge and ra3.16xlarge cannot be; at most 16 of ra3.large, 32 of
   * ra3.xlplus, 64 of ra3.4xlarge, 128 of ra3.16xlarge. AWS starts a cluster with at most 16 of ra3.xlplus or 32 of ra3.4xlarge
   * and resizes it to more.
   *
   * @default 1
   */
  readonly nodes?: number;

  /**
   * Port, 5431 to 5455 or 8191 to 8215, as RA3 nodes take it.
   *
   * @default 5439
   */
  readonly port?: number;

  /**
   * Who loads the warehouse. `firehose` needs a public address and no enhanced VPC routing. `loader`: a private one, whose COPY reads S3
   * through the VPC's endpoint and whose SQL comes by the Data API.
   *
   * @default "firehose"
   */
  readonly delivery?: Delivery;

  /**
   * Whether COPY goes through the VPC. Refused with delivery `firehose`, needed with `loader`.
   *
   * @default - what the delivery needs
   */
  readonly enhancedVpcRouting?: boolean;

  /**
   * Weekly half hour or more in UTC, `ddd:hh:mm-ddd:hh:mm`.
   *
   * @default "sun:03:00-sun:03:30"
   */
  readonly maintenanceWindow?: string;

  /**
   * Addresses of the cluster's own VPC, 16 to 28 mask bits.
   *
   * @default "10.0.0.0/16"
   */
  readonly vpcCidr?: string;

  /**
   * Addresses of its subnets, at least two, inside the VPC's.
   *
   * @default ["10.0.1.0/24", "10.0.2.0/24"]
   */
  readonly subnetCidrs?: readonly string[];

  /**
   * Days the audit logs are kept.
   *
   * @default 365
   */
  readonly logRetentionDays?: number;
}

/**
 * A provisioned Redshift cluster.
 *
 * With delivery `loader` it is private. With `firehose` it has a public address, because Firehose has no other way to a warehouse: what
 * keeps strangers out is the one ingress rule for the Region's Firehose addresses, TLS and passwords. SQL of this project goes through the Data API, which needs no
 * network path.
 *
 * @example
 * const cluster = new RedshiftCluster(this, "warehouse", { name: `telemetry-${suffix}`, region: "us-east-1", key });
 */
export class RedshiftCluster extends Construct {
  /** The cluster itself, for anything these props do not cover. */
  readonly cluster: Cluster;

  /** Role of `IAM_ROLE default`, for COPY of what Firehose gave up on. Without rights: grant it the bucket that it shall read. */
  readonly copyRole: IamRole;

  /** First database. */
  readonly database: string;

  readonly network: Place["network"];
  readonly securityGroup: Place["securityGroup"];

  private readonly port: number;

  constructor(scope: Construct, id: string, props: RedshiftClusterProps) {
    super(scope, id);
    const profile = checkOneOf(this, "profile", props.profile ?? "dev", PROFILES);
    const nodes = props.nodes ?? 1;
    const nodeType = props.nodeType ?? "ra3.large";
    const port = props.port ?? 5439;
    this.database = props.database ?? "telemetry";
    const adminUser = props.adminUser ?? "redstream_admin";
    checkMatch(
      this,
      "name",
      props.name,
      /^(?!.*--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
      "1 to 63 of a-z, 0-9 and -, a letter first, no double or last hyphen",
    );
    checkDatabaseNames(this, { database: this.database, adminUser });
    checkNodes(this, nodeType, nodes);
    checkPort(this, port);
    this.port = port;
    const placement = placementOf(this, props);
    const window = checkMatch(
      this,
      "maintenanceWindow",
      props.maintenanceWindow ?? "sun:03:00-sun:03:30",
      /^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d$/,
      "of the form ddd:hh:mm-ddd:hh:mm",
    );

    this.copyRole = serviceRole(this, "copy-role", "redshift.amazonaws.com");
    const place = placeWarehouse(this, {
      name: props.name,
      region: props.region,
      delivery: placement.delivery,
      vpcCidr: props.vpcCidr ?? "10.0.0.0/16",
      subnetCidrs: props.subnetCidrs ?? ["10.0.1.0/24", "10.0.2.0/24"],
      port,
      flowLogKey: profile === "prod" ? props.key : undefined,
    });
    this.network = place.network;
    this.securityGroup = place.securityGroup;

    const subnets = new RedshiftSubnetGroup(this, "subnets", {
      name: props.name,
      description:
        placement.delivery === "firehose" ? "Public subnets of the warehouse" : "Private subnets of the warehouse",
      subnetIds: this.network.subnets.map(({ id }) => id),
    });
    const parameters = new RedshiftParameterGroup(this, "parameters", {
      name: props.name,
      family: "redshift-1.0",
      description: "TLS only, every statement in the audit log",
      parameter: [
        { name: "require_ssl", value: "true" },
        { name: "enable_user_activity_logging", value: "true" },
      ],
    });
    this.cluster = new Cluster(this, "cluster", {
      clusterIdentifier: props.name,
      databaseName: this.database,
      port,
      nodeType,
      clusterType: nodes === 1 ? "single-node" : "multi-node",
      numberOfNodes: nodes,
      masterUsername: adminUser,
      manageMasterPassword: true,
      masterPasswordSecretKmsKeyId: props.key.key.keyId,
      encrypted: true,
      kmsKeyId: props.key.arn,
      clusterSubnetGroupName: subnets.name,
      clusterParameterGroupName: parameters.name,
      vpcSecurityGroupIds: [this.securityGroup.id],
      // Exception to "private by default" with delivery firehose: it reaches a public address only (developer guide, "VPC access to an Amazon
      // Redshift provisioned cluster"). The security group admits the Region's Firehose and nobody else.
      publiclyAccessible: placement.delivery === "firehose",
      // Exception too: Firehose cannot deliver to a cluster with it.
      enhancedVpcRouting: placement.enhancedVpcRouting,
      iamRoles: [this.copyRole.arn],
      defaultIamRoleArn: this.copyRole.arn,
      allowVersionUpgrade: true,
      preferredMaintenanceWindow: window,
      automatedSnapshotRetentionPeriod: profile === "prod" ? 14 : 1,
      ...(profile === "prod"
        ? {
            skipFinalSnapshot: false,
            finalSnapshotIdentifier: `${props.name}-final`,
            lifecycle: { preventDestroy: true },
          }
        : { skipFinalSnapshot: true }),
      // Subnets without a route would make a cluster that is available but that nobody reaches.
      dependsOn: [...this.network.routes],
    });
    this.createAuditLogs(props);
  }

  get identifier(): string {
    return this.cluster.clusterIdentifier;
  }

  get arn(): string {
    return this.cluster.arn;
  }

  /** Host name, without the port. */
  get endpointHost(): string {
    return this.cluster.dnsName;
  }

  /** TCP port. */
  get endpointPort(): number {
    return this.port;
  }

  /** `jdbc:redshift://HOST:PORT/DATABASE`. */
  get jdbcUrl(): string {
    return `jdbc:redshift://${this.cluster.dnsName}:${Token.asString(this.cluster.port)}/${this.cluster.databaseName}`;
  }

  /** Secret with the superuser's `username` and `password`, owned and rotated by Redshift. */
  get adminSecretArn(): string {
    return this.cluster.masterPasswordSecretArn;
  }

  /**
   * Audit logs go to CloudWatch rather than to S3: a bucket would need a policy that lets the Redshift service write into it, while here
   * the service's own linked role writes to groups of this name only. The groups are made first, so that they have a key and an end.
   */
  private createAuditLogs(props: RedshiftClusterProps): void {
    const retentionInDays = checkLogRetention(this, props.logRetentionDays, 365);
    const groups = AUDIT_LOGS.map(
      (log) =>
        new CloudwatchLogGroup(this, log, {
          name: `/aws/redshift/cluster/${props.name}/${log}`,
          retentionInDays,
          kmsKeyId: props.key.arn,
        }),
    );
    new RedshiftLogging(this, "audit", {
      clusterIdentifier: this.cluster.clusterIdentifier,
      logDestinationType: "cloudwatch",
      logExports: [...AUDIT_LOGS],
      dependsOn: groups,
    });
  }
}

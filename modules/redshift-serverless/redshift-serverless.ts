import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { RedshiftserverlessNamespace } from "@cdktf/provider-aws/lib/redshiftserverless-namespace";
import { RedshiftserverlessUsageLimit } from "@cdktf/provider-aws/lib/redshiftserverless-usage-limit";
import { RedshiftserverlessWorkgroup } from "@cdktf/provider-aws/lib/redshiftserverless-workgroup";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { type Place, placeWarehouse } from "../redshift-network";
import { admit } from "../support/admit";
import { ConfigError, checkInteger, checkMatch, checkOneOf } from "../support/check";
import { serviceRole } from "../support/iam";
import { checkLogRetention } from "../support/log-retention";
import {
  AUDIT_LOGS,
  checkDatabaseNames,
  checkPort,
  type Delivery,
  type Placement,
  placementOf,
} from "../support/redshift-checks";
import { AdminPassword } from "./admin-password";
import { checkCapacity } from "./capacity";
import { PARAMETERS } from "./parameters";
import { type Lies, placeWithin } from "./within";

const PROFILES = ["dev", "prod"] as const;
const PASSWORDS = ["redshift", "terraform"] as const;

export interface RedshiftServerlessProps {
  /** Name of namespace and workgroup: 3 to 64 of a-z, 0-9 and -. */
  readonly name: string;

  /** Region of the stack, such as `us-east-1`: Firehose's addresses there are the only ones admitted. */
  readonly region: string;

  /** Key that encrypts data, the admin's secret and the audit logs. */
  readonly key: EncryptionKey;

  /**
   * `dev`: destroyed without a trace. `prod`: Terraform refuses to destroy or replace the namespace, which holds the data, until this
   * is set to `dev` (Serverless keeps its own recovery points for 24 hours only, and the provider makes no final snapshot).
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
   * Redshift processing units (16 GB of memory each) that a query finds: 4, or 8 to 512 in steps of 8; to 1024 in steps of 32 in some
   * Regions. 4 are for less than 32 TB. Billed by the second while queries run.
   *
   * @default 8
   */
  readonly baseRpus?: number;

  /**
   * Processing units that the workgroup may grow to, `baseRpus` to 5632, in the same steps.
   *
   * @default - AWS's own limit
   */
  readonly maxRpus?: number;

  /**
   * RPU-hours a day, 1 to 1,000,000, after which no query runs until the next day (UTC). A day of 8 RPUs without a pause is 192.
   *
   * @default 64
   */
  readonly dailyRpuHours?: number;

  /**
   * Port, 5431 to 5455 or 8191 to 8215.
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
   * A network of the stack to lie in, in place of a VPC of its own: for a warehouse that reads streams there. Then nobody delivers (`delivery` is left out), the
   * workgroup is private with enhanced VPC routing, which streaming needs, and whoever connects is let in by `admit`. At least three subnets, each in a zone of
   * its own, with `addressesNeeded` free addresses each.
   *
   * https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-streaming-ingestion-getting-started-MSK.html
   *
   * @default - a VPC of its own
   */
  readonly within?: { readonly vpc: Vpc; readonly subnets: readonly Subnet[] };

  /**
   * Who makes the superuser's password. `redshift`: Redshift, which also rotates it; it is in no state. `terraform`: the `random` provider; it is in the
   * state, and does not change by itself. In both cases it is in Secrets Manager.
   *
   * @default "redshift"
   */
  readonly adminPassword?: (typeof PASSWORDS)[number];

  /**
   * Addresses of the workgroup's own VPC, 16 to 28 mask bits.
   *
   * @default "10.0.0.0/16"
   */
  readonly vpcCidr?: string;

  /**
   * Addresses of its subnets, at least three, inside the VPC's. Each lies in a zone of its own (in us-west-1, which
   * offers two, AWS takes two of them in one).
   *
   * @default ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]
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
 * A Redshift Serverless namespace and workgroup.
 *
 * With delivery `loader` it is private. With `firehose` it has a public address, because Firehose has no other way to a warehouse: what
 * keeps strangers out is the one ingress rule for the Region's Firehose addresses, TLS and passwords. It costs nothing while no query runs, but every COPY of Firehose is one, so a
 * stream that delivers each minute keeps it awake; `dailyRpuHours` bounds the bill.
 *
 * @example
 * const warehouse = new RedshiftServerless(this, "warehouse", { name: `telemetry-${suffix}`, region: "us-east-1", key });
 */
export class RedshiftServerless extends Construct {
  /** Holds the data, the users and the keys. */
  readonly namespace: RedshiftserverlessNamespace;

  /** Runs the queries, and has the address. */
  readonly workgroup: RedshiftserverlessWorkgroup;

  /** Role of `IAM_ROLE default`: for COPY of what Firehose gave up on, and for streams. Without rights: grant it the bucket or the topic that it shall read. */
  readonly copyRole: IamRole;

  /** First database. */
  readonly database: string;

  /** Subnets it lies in. */
  readonly subnets: readonly Subnet[];
  readonly securityGroup: Place["securityGroup"];

  private readonly port: number;
  private readonly ownPassword: AdminPassword | undefined;

  constructor(scope: Construct, id: string, props: RedshiftServerlessProps) {
    super(scope, id);
    const port = props.port ?? 5439;
    this.database = props.database ?? "telemetry";
    const subnetCidrs = props.subnetCidrs ?? ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"];
    this.check(props, port, subnetCidrs);
    const placement: Placement | "within" = props.within ? "within" : placementOf(this, props);
    this.port = port;

    // The namespace asks as redshift-serverless in some of its work: AWS's own default role trusts both.
    this.copyRole = serviceRole(this, "copy-role", ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]);
    const place = placement === "within" ? placeWithin(this, props) : this.placeAlone(props, placement, subnetCidrs);
    this.subnets = place.subnets;
    this.securityGroup = place.securityGroup;

    this.ownPassword =
      props.adminPassword === "terraform"
        ? new AdminPassword(this, "admin-password", { ...props, user: this.adminUserOf(props) })
        : undefined;
    this.namespace = this.createNamespace(props, this.createLogGroups(props));
    this.workgroup = this.createWorkgroup(props, place, placement);
    new RedshiftserverlessUsageLimit(this, "usage", {
      resourceArn: this.workgroup.arn,
      usageType: "serverless-compute",
      amount: checkInteger(this, "dailyRpuHours", props.dailyRpuHours ?? 64, 1, 1_000_000),
      period: "daily",
      breachAction: "deactivate",
    });
  }

  get workgroupName(): string {
    return this.workgroup.workgroupName;
  }

  /** ARN of the workgroup. */
  get arn(): string {
    return this.workgroup.arn;
  }

  /** Host name, without the port. */
  get endpointHost(): string {
    return this.workgroup.endpoint.get(0).address;
  }

  /** TCP port. */
  get endpointPort(): number {
    return this.port;
  }

  /** `jdbc:redshift://HOST:PORT/DATABASE`. */
  get jdbcUrl(): string {
    return `jdbc:redshift://${this.endpointHost}:${Token.asString(this.workgroup.port)}/${this.namespace.dbName}`;
  }

  /** Secret with the superuser's `username` and `password`; owned and rotated by Redshift unless `adminPassword` says otherwise. */
  get adminSecretArn(): string {
    return this.ownPassword?.secretArn ?? this.namespace.adminPasswordSecretArn;
  }

  /** Lets a caller connect, by a rule out of its group and one into the workgroup's. Only of a workgroup `within` a network. */
  admit({ id, securityGroupId }: { readonly id: string; readonly securityGroupId: string }): void {
    admit(this, `from-${id}`, {
      from: securityGroupId,
      to: this.securityGroup.id,
      port: this.port,
      what: `SQL of ${id}`,
    });
  }

  private adminUserOf(props: RedshiftServerlessProps): string {
    return props.adminUser ?? "redstream_admin";
  }

  private placeAlone(props: RedshiftServerlessProps, placement: Placement, subnetCidrs: readonly string[]): Lies {
    const { network, securityGroup } = placeWarehouse(this, {
      name: props.name,
      region: props.region,
      delivery: placement.delivery,
      vpcCidr: props.vpcCidr ?? "10.0.0.0/16",
      subnetCidrs,
      port: this.port,
      flowLogKey: props.profile === "prod" ? props.key : undefined,
    });
    return { subnets: network.subnets, routes: network.routes, securityGroup };
  }

  private check(props: RedshiftServerlessProps, port: number, subnetCidrs: readonly string[]): void {
    checkMatch(this, "name", props.name, /^[a-z0-9-]{3,64}$/, "3 to 64 of a-z, 0-9 and -");
    checkOneOf(this, "profile", props.profile ?? "dev", PROFILES);
    checkOneOf(this, "adminPassword", props.adminPassword ?? "redshift", PASSWORDS);
    checkDatabaseNames(this, { database: this.database, adminUser: this.adminUserOf(props) });
    checkCapacity(this, props.region, { baseRpus: props.baseRpus ?? 8, maxRpus: props.maxRpus });
    checkPort(this, port);
    if (subnetCidrs.length < 3) {
      throw new ConfigError(
        this,
        `subnetCidrs must name at least 3 subnets, a Serverless workgroup's zones, got ${subnetCidrs.length}`,
      );
    }
  }

  private createNamespace(
    props: RedshiftServerlessProps,
    logGroups: CloudwatchLogGroup[],
  ): RedshiftserverlessNamespace {
    return new RedshiftserverlessNamespace(this, "namespace", {
      namespaceName: props.name,
      dbName: this.database,
      adminUsername: this.adminUserOf(props),
      ...(this.ownPassword
        ? { adminUserPassword: this.ownPassword.password }
        : { manageAdminPassword: true, adminPasswordSecretKmsKeyId: props.key.key.keyId }),
      kmsKeyId: props.key.arn,
      iamRoles: [this.copyRole.arn],
      defaultIamRoleArn: this.copyRole.arn,
      logExports: [...AUDIT_LOGS],
      ...(props.profile === "prod" ? { lifecycle: { preventDestroy: true } } : {}),
      dependsOn: logGroups,
    });
  }

  private createWorkgroup(
    props: RedshiftServerlessProps,
    place: Lies,
    placement: Placement | "within",
  ): RedshiftserverlessWorkgroup {
    return new RedshiftserverlessWorkgroup(this, "workgroup", {
      workgroupName: props.name,
      namespaceName: this.namespace.namespaceName,
      baseCapacity: props.baseRpus ?? 8,
      ...(props.maxRpus === undefined ? {} : { maxCapacity: props.maxRpus }),
      port: this.port,
      subnetIds: place.subnets.map(({ id }) => id),
      securityGroupIds: [this.securityGroup.id],
      // Exception to "private by default" with delivery firehose: it reaches a public address only (developer guide, "Grant Firehose access to an Amazon
      // Redshift destination"). The security group admits the Region's Firehose and nobody else.
      publiclyAccessible: placement !== "within" && placement.delivery === "firehose",
      // Exception too: Firehose cannot deliver to a workgroup with it.
      enhancedVpcRouting: placement === "within" || placement.enhancedVpcRouting,
      configParameter: Object.entries(PARAMETERS).map(([parameterKey, parameterValue]) => ({
        parameterKey,
        parameterValue,
      })),
      // Subnets without a route would make a workgroup that is available but that nobody reaches.
      ...(place.routes.length > 0 ? { dependsOn: [...place.routes] } : {}),
    });
  }

  /** Serverless writes its audit logs to CloudWatch only. The groups are made first, so that they have a key and an end. */
  private createLogGroups(props: RedshiftServerlessProps): CloudwatchLogGroup[] {
    const retentionInDays = checkLogRetention(this, props.logRetentionDays, 365);
    return AUDIT_LOGS.map(
      (log) =>
        new CloudwatchLogGroup(this, log, {
          name: `/aws/redshift/${props.name}/${log}`,
          retentionInDays,
          kmsKeyId: props.key.arn,
        }),
    );
  }
}

import { DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AwsError, type LocalAws, type SqlConnection, type SqlTarget } from "../gateway/types";
import { SqlError, type Warehouse } from "../warehouse";

/** Where a warehouse listens, and what its network lets through: a cluster's or a workgroup's. */
export interface Door {
  readonly kind: "cluster" | "workgroup";
  readonly port: number;
  readonly publiclyAccessible: boolean;
  readonly securityGroups: readonly string[];
  /** Undefined once it is closed. */
  readonly warehouse: Warehouse | undefined;
}

/**
 * A connection by a driver: from outside the warehouse's VPC, as Firehose makes one, or from within. Undefined when there is no such door.
 *
 * @throws AwsError `ConnectionError` when the network would not let it through, `AuthenticationError` for a wrong user, password or database
 */
export async function connectTo(
  aws: LocalAws,
  door: Door | undefined,
  to: SqlTarget,
): Promise<SqlConnection | undefined> {
  if (!door) return undefined;
  const address = `${to.host}:${to.port}`;
  if (to.port !== door.port)
    throw new AwsError(
      "ConnectionError",
      `Connection to ${address} refused: the ${door.kind} listens on port ${door.port}.`,
      503,
    );
  if (!door.publiclyAccessible && !to.within) {
    throw new AwsError(
      "ConnectionError",
      `The connection attempt to ${address} timed out: the ${door.kind} is not publicly accessible.`,
      503,
    );
  }
  if (!(await admitsSome(aws, door))) {
    const groups = door.securityGroups.join(", ") || "none";
    throw new AwsError(
      "ConnectionError",
      `The connection attempt to ${address} timed out: no ingress rule of its security groups (${groups}) admits TCP port ${door.port}.`,
      503,
    );
  }
  if (!door.warehouse)
    throw new AwsError("ConnectionError", `Connection to ${address} refused: the warehouse is closed.`, 503);
  try {
    return await door.warehouse.login(to.database, to.user, to.password);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new AwsError("AuthenticationError", `FATAL: ${error.message}`, 403);
  }
}

/** Whether any rule lets TCP through to the port. From where is not looked at: nothing here has the address that Firehose, or a function in a VPC, has on AWS. */
async function admitsSome(aws: LocalAws, door: Door): Promise<boolean> {
  if (door.securityGroups.length === 0) return false;
  const ec2 = new EC2Client(aws.internal);
  try {
    const { SecurityGroups = [] } = await ec2.send(
      new DescribeSecurityGroupsCommand({ GroupIds: [...door.securityGroups] }),
    );
    return SecurityGroups.flatMap((group) => group.IpPermissions ?? []).some((rule) => {
      const sources =
        (rule.IpRanges?.length ?? 0) +
        (rule.Ipv6Ranges?.length ?? 0) +
        (rule.PrefixListIds?.length ?? 0) +
        (rule.UserIdGroupPairs?.length ?? 0);
      if (sources === 0) return false;
      if (rule.IpProtocol === "-1") return true;
      return rule.IpProtocol === "tcp" && (rule.FromPort ?? 0) <= door.port && door.port <= (rule.ToPort ?? 65535);
    });
  } finally {
    ec2.destroy();
  }
}

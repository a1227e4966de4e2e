import { DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AwsError, type LocalAws, type SqlConnection, type SqlTarget } from "../../gateway/types";
import { SqlError, type Warehouses } from "../../warehouse";
import type { Cluster } from "./cluster";

/**
 * A connection from outside the cluster's VPC, as Firehose makes one. Undefined when no cluster has this host.
 *
 * @throws AwsError `ConnectionError` when the network would not let it through, `AuthenticationError` for a wrong user, password or database
 */
export async function connectTo(
  aws: LocalAws,
  warehouses: Warehouses,
  cluster: Cluster | undefined,
  to: SqlTarget,
): Promise<SqlConnection | undefined> {
  if (!cluster) return undefined;
  const address = `${to.host}:${to.port}`;
  if (to.port !== cluster.port)
    throw new AwsError(
      "ConnectionError",
      `Connection to ${address} refused: the cluster listens on port ${cluster.port}.`,
      503,
    );
  if (!cluster.publiclyAccessible) {
    throw new AwsError(
      "ConnectionError",
      `The connection attempt to ${address} timed out: the cluster is not publicly accessible.`,
      503,
    );
  }
  if (!(await admitsSome(aws, cluster))) {
    const groups = cluster.securityGroups.join(", ") || "none";
    throw new AwsError(
      "ConnectionError",
      `The connection attempt to ${address} timed out: no ingress rule of its security groups (${groups}) admits TCP port ${cluster.port}.`,
      503,
    );
  }
  const warehouse = warehouses.at(cluster.host);
  if (!warehouse)
    throw new AwsError("ConnectionError", `Connection to ${address} refused: the warehouse is closed.`, 503);
  try {
    return await warehouse.login(to.database, to.user, to.password);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new AwsError("AuthenticationError", `FATAL: ${error.message}`, 403);
  }
}

/** Whether any rule lets TCP through to the port. From where is not looked at: nothing here has the address that Firehose has on AWS. */
async function admitsSome(aws: LocalAws, cluster: Cluster): Promise<boolean> {
  if (cluster.securityGroups.length === 0) return false;
  const ec2 = new EC2Client(aws.internal);
  try {
    const { SecurityGroups = [] } = await ec2.send(
      new DescribeSecurityGroupsCommand({ GroupIds: [...cluster.securityGroups] }),
    );
    return SecurityGroups.flatMap((group) => group.IpPermissions ?? []).some((rule) => {
      const sources =
        (rule.IpRanges?.length ?? 0) +
        (rule.Ipv6Ranges?.length ?? 0) +
        (rule.PrefixListIds?.length ?? 0) +
        (rule.UserIdGroupPairs?.length ?? 0);
      if (sources === 0) return false;
      if (rule.IpProtocol === "-1") return true;
      return (
        rule.IpProtocol === "tcp" && (rule.FromPort ?? 0) <= cluster.port && cluster.port <= (rule.ToPort ?? 65535)
      );
    });
  } finally {
    ec2.destroy();
  }
}

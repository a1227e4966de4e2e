import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { LocalAws } from "./gateway/types";

/** Where subnets lie, as services that are put into a network ask it. */
export interface Subnets {
  /** The first that does not exist, with EC2's words. */
  readonly missing?: string;
  readonly vpcs: ReadonlySet<string | undefined>;
  readonly zones: ReadonlySet<string | undefined>;
}

export async function subnetsOf(aws: Pick<LocalAws, "internal">, ids: readonly string[]): Promise<Subnets> {
  const none = { vpcs: new Set<string>(), zones: new Set<string>() };
  const ec2 = new EC2Client(aws.internal);
  try {
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] }));
    const missing = ids.find((id) => !Subnets.some((subnet) => subnet.SubnetId === id));
    if (missing !== undefined) return { ...none, missing: `The subnet ${missing} doesn't exist.` };
    return {
      vpcs: new Set(Subnets.map((subnet) => subnet.VpcId)),
      zones: new Set(Subnets.map((subnet) => subnet.AvailabilityZone)),
    };
  } catch (error) {
    if ((error as Error).name === "InvalidSubnetID.NotFound") return { ...none, missing: (error as Error).message };
    throw error;
  } finally {
    ec2.destroy();
  }
}

import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AwsError, type LocalAws } from "../../gateway/types";
import { Members, type Parameters, type Xml } from "./query";
import type { Tags } from "./tags";

interface Group {
  readonly name: string;
  description: string;
  vpcId: string;
  subnets: readonly { readonly id: string; readonly zone: string }[];
}

/** Subnet groups; their subnets must exist and lie in one VPC. */
export class SubnetGroups {
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly aws: LocalAws,
    private readonly arn: (name: string) => string,
    private readonly tags: Tags,
    private readonly inUse: (name: string) => boolean,
  ) {}

  async create(parameters: Parameters): Promise<Xml> {
    const name = parameters.require("ClusterSubnetGroupName").toLowerCase();
    if (name === "default" || !/^[a-z0-9][a-z0-9-]{0,254}$/.test(name)) {
      throw new AwsError(
        "InvalidParameterValue",
        `ClusterSubnetGroupName must have at most 255 letters, digits or hyphens and not be "default", got ${name}`,
      );
    }
    if (this.groups.has(name))
      throw new AwsError("ClusterSubnetGroupAlreadyExists", `Subnet group ${name} already exists`);
    const group = { name, description: parameters.require("Description"), ...(await this.look(parameters)) };
    this.groups.set(name, group);
    this.tags.open(this.arn(name), parameters.structures("Tags"));
    return { ClusterSubnetGroup: this.xml(group) };
  }

  describe(parameters: Parameters): Xml {
    const name = parameters.get("ClusterSubnetGroupName");
    const groups = name ? [this.find(name)] : [...this.groups.values()];
    return {
      ClusterSubnetGroups: new Members(
        "ClusterSubnetGroup",
        groups.map((group) => this.xml(group)),
      ),
    };
  }

  async modify(parameters: Parameters): Promise<Xml> {
    const group = this.find(parameters.require("ClusterSubnetGroupName"));
    Object.assign(group, await this.look(parameters));
    group.description = parameters.get("Description") ?? group.description;
    return { ClusterSubnetGroup: this.xml(group) };
  }

  delete(parameters: Parameters): undefined {
    const { name } = this.find(parameters.require("ClusterSubnetGroupName"));
    if (this.inUse(name))
      throw new AwsError("InvalidClusterSubnetGroupStateFault", `Subnet group ${name} is used by a cluster`);
    this.groups.delete(name);
    this.tags.close(this.arn(name));
    return undefined;
  }

  /** @throws AwsError when there is no such group */
  find(name: string): Group {
    const group = this.groups.get(name.toLowerCase());
    if (!group) throw new AwsError("ClusterSubnetGroupNotFoundFault", `Cluster subnet group ${name} not found`);
    return group;
  }

  private async look(parameters: Parameters): Promise<Pick<Group, "vpcId" | "subnets">> {
    const ids = parameters.list("SubnetIds") ?? [];
    if (ids.length === 0 || ids.length > 20)
      throw new AwsError("InvalidParameterValue", `SubnetIds must name 1 to 20 subnets, got ${ids.length}`);
    const ec2 = new EC2Client(this.aws.internal);
    try {
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: ids }));
      const missing = ids.find((id) => !Subnets.some((subnet) => subnet.SubnetId === id));
      if (missing)
        throw new AwsError("InvalidSubnet", `Some input subnets in ${ids} are invalid: ${missing} does not exist`);
      const vpcs = [...new Set(Subnets.map((subnet) => subnet.VpcId))];
      if (vpcs.length !== 1)
        throw new AwsError("InvalidSubnet", `The subnets ${ids} lie in ${vpcs.length} VPCs: ${vpcs}`);
      return {
        vpcId: vpcs[0]!,
        subnets: ids.map((id) => ({
          id,
          zone: Subnets.find((subnet) => subnet.SubnetId === id)!.AvailabilityZone ?? "",
        })),
      };
    } catch (error) {
      if (error instanceof AwsError) throw error;
      throw new AwsError("InvalidSubnet", `Some input subnets in ${ids} are invalid: ${(error as Error).message}`);
    } finally {
      ec2.destroy();
    }
  }

  private xml(group: Group): Xml {
    return {
      ClusterSubnetGroupName: group.name,
      Description: group.description,
      VpcId: group.vpcId,
      SubnetGroupStatus: "Complete",
      Subnets: new Members(
        "Subnet",
        group.subnets.map(({ id, zone }) => ({
          SubnetIdentifier: id,
          SubnetAvailabilityZone: { Name: zone },
          SubnetStatus: "Active",
        })),
      ),
      Tags: this.tags.xml(this.arn(group.name)),
    };
  }
}

import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { Construct } from "constructs";
import { admit } from "../support/admit";

const HTTPS = 443;

export interface InterfaceEndpointProps {
  readonly name: string;
  /** `com.amazonaws.REGION.SERVICE`. */
  readonly serviceName: string;
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
}

/** An AWS service inside of the VPC, under its usual host name, for those who are admitted. */
export class InterfaceEndpoint extends Construct {
  private readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { name, serviceName, vpc, subnets }: InterfaceEndpointProps) {
    super(scope, id);
    this.securityGroup = new SecurityGroup(this, "security-group", {
      name,
      description: "Endpoint: HTTPS from its callers",
      vpcId: vpc.id,
      tags: { Name: name },
    });
    new VpcEndpoint(this, "endpoint", {
      vpcId: vpc.id,
      serviceName,
      vpcEndpointType: "Interface",
      subnetIds: subnets.map((subnet) => subnet.id),
      securityGroupIds: [this.securityGroup.id],
      privateDnsEnabled: true,
      tags: { Name: name },
    });
  }

  admit(id: string, caller: SecurityGroup): void {
    admit(this, id, { from: caller.id, to: this.securityGroup.id, port: HTTPS, what: `HTTPS of ${id}` });
  }
}

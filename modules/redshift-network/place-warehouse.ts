import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Construct } from "constructs";
import type { Delivery } from "../support/redshift-checks";
import { admitFirehose } from "./admit-firehose";
import { firehoseCidrOf } from "./firehose-cidr";
import { onlyS3 } from "./only-s3";
import { PrivateNetwork } from "./private-network";
import { PublicNetwork } from "./public-network";

export interface PlaceProps {
  readonly name: string;
  readonly region: string;
  readonly delivery: Delivery;
  readonly vpcCidr: string;
  readonly subnetCidrs: readonly string[];
  /** Port the warehouse listens on. */
  readonly port: number;
}

export interface Place {
  readonly network: PublicNetwork | PrivateNetwork;
  readonly securityGroup: SecurityGroup;
}

/** The VPC of a warehouse, as `network` of `scope`, and its security group: what Firehose can reach, or what nobody can. */
export function placeWarehouse(scope: Construct, { region, delivery, port, ...props }: PlaceProps): Place {
  const { name } = props;
  if (delivery === "loader") {
    const network = new PrivateNetwork(scope, "network", { ...props, region });
    return { network, securityGroup: onlyS3(scope, { name, network }) };
  }
  const firehoseCidr = firehoseCidrOf(scope, region);
  const network = new PublicNetwork(scope, "network", props);
  return { network, securityGroup: admitFirehose(scope, { name, vpc: network.vpc, firehoseCidr, port }) };
}

import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { FlowLogs } from "../network/flow-logs";
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
  /**
   * Keeps who spoke to whom in the VPC, for a year, under this key.
   *
   * @default - not kept: the warehouse's own connection log has every attempt to log in
   */
  readonly flowLogKey?: EncryptionKey;
}

const FLOW_LOG_DAYS = 365;

export interface Place {
  readonly network: PublicNetwork | PrivateNetwork;
  readonly securityGroup: SecurityGroup;
}

/** The VPC of a warehouse, as `network` of `scope`, and its security group: what Firehose can reach, or what nobody can. */
export function placeWarehouse(scope: Construct, props: PlaceProps): Place {
  const place = placed(scope, props);
  const { name, flowLogKey: key } = props;
  if (key) new FlowLogs(scope, "flow-logs", { name, vpc: place.network.vpc, key, retentionDays: FLOW_LOG_DAYS });
  return place;
}

function placed(scope: Construct, { region, delivery, port, flowLogKey: _, ...props }: PlaceProps): Place {
  const { name } = props;
  if (delivery === "loader") {
    const network = new PrivateNetwork(scope, "network", { ...props, region });
    return { network, securityGroup: onlyS3(scope, { name, network }) };
  }
  const firehoseCidr = firehoseCidrOf(scope, region);
  const network = new PublicNetwork(scope, "network", props);
  return { network, securityGroup: admitFirehose(scope, { name, vpc: network.vpc, firehoseCidr, port }) };
}

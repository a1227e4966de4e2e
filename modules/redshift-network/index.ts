export { admitFirehose } from "./admit-firehose";
export { firehoseCidrOf } from "./firehose-cidr";
export { PublicNetwork, type PublicNetworkProps } from "./public-network";

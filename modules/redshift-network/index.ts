export { firehoseCidrOf } from "./firehose-cidr";
export { type Place, placeWarehouse } from "./place-warehouse";
export { PrivateNetwork, type PrivateNetworkProps } from "./private-network";
export { PublicNetwork, type PublicNetworkProps } from "./public-network";

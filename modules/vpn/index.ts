export { CLIENT_CIDR, SoftEtherVpn, type SoftEtherVpnProps } from "./softether";
export { SsmHost, type SsmHostProps } from "./ssm-host";

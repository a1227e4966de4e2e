export { InterfaceEndpoint, type InterfaceEndpointProps } from "./interface-endpoint";
export { Network, type NetworkProps } from "./network";

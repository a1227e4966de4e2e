export { assertLoopback, type Gateway, type GatewayOptions, startGateway } from "./gateway";

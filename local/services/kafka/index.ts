export type { Brokers, WantedBrokers } from "./brokers";
export { type LocalBrokersOptions, localBrokers } from "./local-brokers";
export { createKafka } from "./service";

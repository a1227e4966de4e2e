export type { Brokers, WantedBrokers } from "./brokers";
export { type LocalBrokers, type LocalBrokersOptions, localBrokers } from "./local-brokers";
export { createKafka } from "./service";

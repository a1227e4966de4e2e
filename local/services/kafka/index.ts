export type { Brokers, WantedBrokers } from "./brokers";
export { createKafka } from "./service";

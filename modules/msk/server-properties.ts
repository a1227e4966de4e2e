/**
 * `server.properties` of the brokers. Topics are made on purpose and never by a mistyped name; what was acknowledged stands on two brokers of
 * three; a topic that says nothing keeps its records for 7 days, as the original's.
 *
 * https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html
 */
export function serverProperties({ brokers, zones }: { readonly brokers: number; readonly zones: number }): string {
  const replicas = Math.min(brokers, 3);
  const properties = {
    "auto.create.topics.enable": false,
    "delete.topic.enable": true,
    "default.replication.factor": replicas,
    "min.insync.replicas": leastInSync(zones),
    "num.partitions": 3,
    "log.retention.hours": 7 * 24,
    "unclean.leader.election.enable": false,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Copies of a message before it is acknowledged: with two zones one may be away only if one is enough. */
export const leastInSync = (zones: number): number => (zones > 2 ? 2 : 1);

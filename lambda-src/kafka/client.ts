import { mskToken } from "./token";

/** What a client of `@platformatic/kafka` is made with. */
export interface ClientOptions {
  readonly clientId: string;
  readonly bootstrapBrokers: string[];
  readonly tls?: Record<string, never>;
  readonly sasl?: { readonly mechanism: "OAUTHBEARER"; readonly token: () => Promise<string> };
  /** Milliseconds to wait for a connection, and for an answer. */
  readonly connectTimeout: number;
  readonly timeout: number;
  readonly retries: number;
  readonly retryDelay: number;
}

/**
 * How to reach the brokers: TLS with an IAM token, or plain when every one of them is on this machine's loopback, which is where the local run has them.
 *
 * @param brokers `host:port,host:port`, as MSK gives them
 * @throws Error for an address that is none
 */
export function clientOptions(clientId: string, brokers: string, region: string | undefined): ClientOptions {
  const addresses = brokers.split(",").map((address) => address.trim());
  for (const address of addresses) {
    if (!/^[A-Za-z0-9.-]+:[1-9]\d{0,4}$/.test(address)) {
      throw new Error(`bootstrap servers must be host:port,host:port, got ${JSON.stringify(brokers)}`);
    }
  }
  const common = {
    clientId,
    bootstrapBrokers: addresses,
    connectTimeout: 5000,
    timeout: 10_000,
    // A broker that is gone is asked three times; who calls then looks for the new leader.
    retries: 2,
    retryDelay: 250,
  };
  if (isLocal(brokers)) return common;
  if (!region) throw new Error("the IAM token needs a region: AWS_REGION is not set");
  return { ...common, tls: {}, sasl: { mechanism: "OAUTHBEARER", token: () => mskToken(region) } };
}

/** Whether all brokers are on this machine. */
const isLocal = (brokers: string): boolean =>
  brokers.split(",").every((address) => address.trim().startsWith("127.0.0.1:"));

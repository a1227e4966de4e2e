/** The environment this handler reads; the construct that deploys it must fill every name. `AWS_REGION` is Lambda's own. */
export interface ProduceOrdersEnv {
  /** `host:port,host:port`, as MSK's `bootstrap_brokers_sasl_iam`. */
  readonly BOOTSTRAP_SERVERS: string;
  readonly TOPIC: string;
  /** Orders a second, 1 to 100000. The article's: 100. */
  readonly ORDERS_PER_SECOND: string;
  /** Seconds to send for, 1 to 840: the function's time-out must be at least 15 s more. The article's: 60. */
  readonly DURATION_SECONDS: string;
}

export interface Settings {
  readonly bootstrapServers: string;
  readonly topic: string;
  /** 0 is as fast as the brokers take them, which only an event may ask for. */
  readonly ordersPerSecond: number;
  readonly durationSeconds: number;
  /** Stops after so many. */
  readonly orders?: number;
  /** Of the generator; a random one if left out. */
  readonly seed?: string;
}

export const SETTING_LIMITS = {
  ordersPerSecond: { min: 1, max: 100_000 },
  durationSeconds: { min: 1, max: 840 },
  orders: { min: 1, max: 100_000_000 },
} as const;

/** @throws Error that names what is missing or out of its range */
export function readEnv(env: NodeJS.ProcessEnv): Settings {
  const { BOOTSTRAP_SERVERS, TOPIC, ORDERS_PER_SECOND, DURATION_SECONDS } = env;
  const all = { BOOTSTRAP_SERVERS, TOPIC, ORDERS_PER_SECOND, DURATION_SECONDS };
  const missing = Object.entries(all).filter(([, value]) => !value);
  if (missing.length > 0) {
    throw new Error(`produce-orders: set ${missing.map(([name]) => name).join(", ")} in the function's environment`);
  }
  return {
    bootstrapServers: BOOTSTRAP_SERVERS!,
    topic: TOPIC!,
    ordersPerSecond: whole("ORDERS_PER_SECOND", Number(ORDERS_PER_SECOND), SETTING_LIMITS.ordersPerSecond),
    durationSeconds: whole("DURATION_SECONDS", Number(DURATION_SECONDS), SETTING_LIMITS.durationSeconds),
  };
}

export function whole(name: string, value: unknown, { min, max }: { readonly min: number; readonly max: number }) {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`produce-orders: ${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
}

/** The environment this handler reads; the construct that deploys it must fill it. `AWS_REGION` is Lambda's own. */
export interface ApplyTopicEnv {
  /** `host:port,host:port`, as MSK's `bootstrap_brokers_sasl_iam`. */
  readonly BOOTSTRAP_SERVERS: string;
}

export function readEnv(env: NodeJS.ProcessEnv): ApplyTopicEnv {
  const { BOOTSTRAP_SERVERS } = env;
  if (!BOOTSTRAP_SERVERS) throw new Error("apply-topic: set BOOTSTRAP_SERVERS in the function's environment");
  return { BOOTSTRAP_SERVERS };
}

const NAMES = ["CLUSTER_IDENTIFIER", "DATABASE", "ADMIN_SECRET_ARN"] as const;

/** The environment this handler reads; the construct that deploys it must fill every name. */
export type RunMigrationsEnv = Readonly<Record<(typeof NAMES)[number], string>>;

export function readEnv(env: NodeJS.ProcessEnv): RunMigrationsEnv {
  const missing = NAMES.filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`run-migrations: set ${missing.join(", ")} in the function's environment`);
  return env as RunMigrationsEnv;
}

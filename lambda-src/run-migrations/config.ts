const NAMES = ["DATABASE", "ADMIN_SECRET_ARN"] as const;

/** Where the SQL runs: a provisioned cluster or a Serverless workgroup. */
export type WarehouseEnv = { readonly CLUSTER_IDENTIFIER: string } | { readonly WORKGROUP_NAME: string };

/** The environment this handler reads; the construct that deploys it must fill every name, and one of the warehouse's two. */
export type RunMigrationsEnv = Readonly<Record<(typeof NAMES)[number], string>> & WarehouseEnv;

export function readEnv(env: NodeJS.ProcessEnv): RunMigrationsEnv {
  const { CLUSTER_IDENTIFIER, WORKGROUP_NAME, DATABASE, ADMIN_SECRET_ARN } = env;
  const missing: string[] = NAMES.filter((name) => !env[name]);
  if (!CLUSTER_IDENTIFIER === !WORKGROUP_NAME) missing.unshift("either CLUSTER_IDENTIFIER or WORKGROUP_NAME");
  if (missing.length > 0) throw new Error(`run-migrations: set ${missing.join(", ")} in the function's environment`);
  const common = { DATABASE: DATABASE!, ADMIN_SECRET_ARN: ADMIN_SECRET_ARN! };
  return WORKGROUP_NAME ? { ...common, WORKGROUP_NAME } : { ...common, CLUSTER_IDENTIFIER: CLUSTER_IDENTIFIER! };
}

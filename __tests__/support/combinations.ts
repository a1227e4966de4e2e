/** Every combination of what the settings let a person choose between, each with what it needs beside it. */
export interface Combination {
  /** `serverless, sql, prod, apiKey`. */
  readonly name: string;
  readonly settings: object;
}

const SHARED_STATE = { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" };
const KINDS = ["provisioned", "serverless"] as const;
const ENGINES = ["flink", "sql"] as const;
const PROFILES = { dev: {}, prod: { backend: SHARED_STATE, acknowledged: true } } as const;
const AUTHS = {
  iam: {},
  apiKey: {},
  cognito: {},
  none: { allowedCidrs: ["192.0.2.0/24"] },
} as const;

export const COMBINATIONS: readonly Combination[] = KINDS.flatMap((kind) =>
  ENGINES.flatMap((engine) =>
    Object.entries(PROFILES).flatMap(([profile, needs]) =>
      Object.entries(AUTHS).map(([auth, beside]) => ({
        name: [kind, engine, profile, auth].join(", "),
        settings: {
          profile,
          ...("backend" in needs ? { backend: needs.backend } : {}),
          telemetry: { engine, auth, ...beside },
          warehouse: { kind, ...("acknowledged" in needs ? { acknowledgePublicAddress: true } : {}) },
        },
      })),
    ),
  ),
);

/** Those that differ for a stack without a warehouse. */
export const WITHOUT_WAREHOUSE = COMBINATIONS.filter(({ name }) => name.startsWith(KINDS[0]));

/**
 * Eight of them, for what takes long: every warehouse, engine and profile with one another, each of the four kinds of auth twice, so that every pair of
 * two choices is among them.
 */
export const PAIRWISE = COMBINATIONS.filter((_, index) => {
  const [kind, engine, profile, auth] = [index >> 4, (index >> 3) & 1, (index >> 2) & 1, index & 3] as const;
  return auth === 2 * (kind ^ engine) + (engine ^ profile);
});

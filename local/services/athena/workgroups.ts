import { invalid } from "./errors";
import type { Input } from "./input";

/** Least cutoff that AWS takes: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html */
const LEAST_CUTOFF_BYTES = 10_000_000;
const ENGINES = ["AUTO", "Athena engine version 3"];
const EFFECTIVE_ENGINE = "Athena engine version 3";

export interface ResultConfiguration {
  readonly OutputLocation?: string;
  readonly EncryptionConfiguration?: { readonly EncryptionOption: string; readonly KmsKey?: string };
  readonly ExpectedBucketOwner?: string;
}

export interface WorkGroup {
  readonly name: string;
  readonly created: Date;
  description: string | undefined;
  state: "ENABLED" | "DISABLED";
  enforced: boolean;
  metrics: boolean;
  requesterPays: boolean;
  engine: string;
  cutoffBytes: number | undefined;
  executionRole: string | undefined;
  results: ResultConfiguration;
}

/** The account's workgroups. `primary` is always there: https://docs.aws.amazon.com/athena/latest/ug/workgroups-create-update-delete.html */
export class WorkGroups {
  private readonly byName = new Map<string, WorkGroup>();

  constructor(private readonly now: () => Date) {
    this.byName.set("primary", fresh("primary", now()));
  }

  get(name: string): WorkGroup {
    const found = this.byName.get(name);
    if (!found) throw invalid(`WorkGroup ${name} is not found.`);
    return found;
  }

  all(): WorkGroup[] {
    return [...this.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  create(input: Input): WorkGroup {
    const name = input.require("Name");
    if (!/^[a-zA-Z0-9._-]{1,128}$/.test(name)) {
      throw invalid(`Name must be 1 to 128 letters, digits, ., _ and -, got ${JSON.stringify(name)}`);
    }
    if (this.byName.has(name)) throw invalid(`WorkGroup ${name} is already created`);
    const workgroup = fresh(name, this.now());
    workgroup.description = input.string("Description");
    const configuration = input.structure("Configuration");
    change(workgroup, configuration);
    workgroup.results = { ...workgroup.results, ...resultsOf(configuration.structure("ResultConfiguration")) };
    this.byName.set(name, workgroup);
    return workgroup;
  }

  /** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfigurationUpdates.html: what is not named stays. */
  update(input: Input): void {
    const workgroup = this.get(input.require("WorkGroup"));
    const state = input.string("State");
    if (state !== undefined && state !== "ENABLED" && state !== "DISABLED") {
      throw invalid(`State must be one of ENABLED, DISABLED, got ${JSON.stringify(state)}`);
    }
    const updates = input.structure("ConfigurationUpdates");
    change(workgroup, updates);
    if (updates.boolean("RemoveBytesScannedCutoffPerQuery")) workgroup.cutoffBytes = undefined;
    const results = updates.structure("ResultConfigurationUpdates");
    workgroup.results = { ...without(workgroup.results, results), ...resultsOf(results) };
    if (input.has("Description")) workgroup.description = input.string("Description");
    if (state !== undefined) workgroup.state = state;
  }

  delete(name: string): void {
    if (name === "primary") throw invalid("The primary workgroup cannot be deleted.");
    this.get(name);
    this.byName.delete(name);
  }
}

function fresh(name: string, created: Date): WorkGroup {
  return {
    name,
    created,
    description: undefined,
    state: "ENABLED",
    // AWS's defaults for a workgroup made through the API.
    enforced: true,
    metrics: false,
    requesterPays: false,
    engine: "AUTO",
    cutoffBytes: undefined,
    executionRole: undefined,
    results: {},
  };
}

function change(workgroup: WorkGroup, input: Input): void {
  input.refuse("IdentityCenterConfiguration", "CustomerContentEncryptionConfiguration", "AdditionalConfiguration");
  const cutoff = input.integer("BytesScannedCutoffPerQuery", LEAST_CUTOFF_BYTES, Number.MAX_SAFE_INTEGER);
  const engine = input.structure("EngineVersion").string("SelectedEngineVersion");
  if (engine !== undefined && !ENGINES.includes(engine)) {
    throw invalid(`SelectedEngineVersion must be one of ${ENGINES.join(", ")}, got ${JSON.stringify(engine)}`);
  }
  workgroup.enforced = input.boolean("EnforceWorkGroupConfiguration") ?? workgroup.enforced;
  workgroup.metrics = input.boolean("PublishCloudWatchMetricsEnabled") ?? workgroup.metrics;
  workgroup.requesterPays = input.boolean("RequesterPaysEnabled") ?? workgroup.requesterPays;
  workgroup.engine = engine ?? workgroup.engine;
  workgroup.cutoffBytes = cutoff ?? workgroup.cutoffBytes;
  workgroup.executionRole = input.string("ExecutionRole") ?? workgroup.executionRole;
}

/** Also of StartQueryExecution, where a caller may give one. */
export function resultsOf(input: Input): ResultConfiguration {
  input.refuse("AclConfiguration");
  const location = input.string("OutputLocation");
  if (location !== undefined && !/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/.test(location)) {
    throw invalid(`OutputLocation must be s3://BUCKET/PREFIX/, got ${JSON.stringify(location)}`);
  }
  const encryption = input.structure("EncryptionConfiguration");
  const option = encryption.string("EncryptionOption");
  const key = encryption.string("KmsKey");
  if (option !== undefined && !["SSE_S3", "SSE_KMS"].includes(option)) {
    throw invalid(`EncryptionOption must be one of SSE_S3, SSE_KMS here, got ${JSON.stringify(option)}`);
  }
  if (option === "SSE_KMS" && key === undefined) throw invalid("KmsKey is required with SSE_KMS.");
  const owner = input.string("ExpectedBucketOwner");
  return {
    ...(location === undefined ? {} : { OutputLocation: location }),
    ...(option === undefined
      ? {}
      : { EncryptionConfiguration: { EncryptionOption: option, ...(key === undefined ? {} : { KmsKey: key }) } }),
    ...(owner === undefined ? {} : { ExpectedBucketOwner: owner }),
  };
}

function without(results: ResultConfiguration, updates: Input): ResultConfiguration {
  const removed = (["OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner"] as const).filter((name) =>
    updates.boolean(`Remove${name}`),
  );
  return Object.fromEntries(Object.entries(results).filter(([name]) => !(removed as string[]).includes(name)));
}

export function describeWorkGroup(workgroup: WorkGroup): Record<string, unknown> {
  return {
    ...summaryOf(workgroup),
    Configuration: {
      ResultConfiguration: workgroup.results,
      EnforceWorkGroupConfiguration: workgroup.enforced,
      PublishCloudWatchMetricsEnabled: workgroup.metrics,
      RequesterPaysEnabled: workgroup.requesterPays,
      EngineVersion: engineOf(workgroup),
      ...(workgroup.cutoffBytes === undefined ? {} : { BytesScannedCutoffPerQuery: workgroup.cutoffBytes }),
      ...(workgroup.executionRole === undefined ? {} : { ExecutionRole: workgroup.executionRole }),
    },
  };
}

export function summaryOf(workgroup: WorkGroup): Record<string, unknown> {
  return {
    Name: workgroup.name,
    State: workgroup.state,
    ...(workgroup.description === undefined ? {} : { Description: workgroup.description }),
    CreationTime: workgroup.created.getTime() / 1000,
    EngineVersion: engineOf(workgroup),
  };
}

export const engineOf = ({ engine }: WorkGroup) => ({
  SelectedEngineVersion: engine,
  EffectiveEngineVersion: EFFECTIVE_ENGINE,
});

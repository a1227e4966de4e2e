import { randomUUID } from "node:crypto";
import type { LocalAws } from "../../gateway/types";
import type { Door } from "../../redshift-common/connect";
import { subnetsOf } from "../../subnets";
import type { Warehouses } from "../../warehouse";
import { conflict, type Input, invalid, notFound } from "./input";
import type { Namespaces } from "./namespaces";
import type { Tags } from "./tags";

const NAME = /^[a-z0-9-]{3,64}$/;
/** https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html */
const SUBNETS = 3;
const DEFAULT_BASE = 128;

/** What AWS sets by itself, and the limits it lets a person set beside. https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateWorkgroup.html */
const PARAMETERS: ReadonlyMap<string, string> = new Map([
  ["auto_mv", "true"],
  ["datestyle", "ISO, MDY"],
  ["enable_case_sensitive_identifier", "false"],
  ["enable_user_activity_logging", "true"],
  ["query_group", "default"],
  ["require_ssl", "false"],
  ["search_path", "$user, public"],
  ["use_fips_ssl", "false"],
  ["max_query_execution_time", "14400"],
]);
const LIMITS = [
  "max_query_cpu_time",
  "max_query_blocks_read",
  "max_scan_row_count",
  "max_query_queue_time",
  "max_query_cpu_usage_percent",
  "max_query_temp_blocks_to_disk",
  "max_join_row_count",
  "max_nested_loop_join_row_count",
];

interface Workgroup {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
  readonly created: Date;
  port: number;
  baseCapacity: number;
  maxCapacity?: number;
  publiclyAccessible: boolean;
  enhancedVpcRouting: boolean;
  subnetIds: readonly string[];
  securityGroupIds: readonly string[];
  parameters: ReadonlyMap<string, string>;
  trackName: string;
}

/** Workgroups: the way to a namespace's warehouse, by name for the Data API and by host and port for a driver. */
export class Workgroups {
  private readonly workgroups = new Map<string, Workgroup>();

  constructor(
    private readonly aws: LocalAws,
    private readonly warehouses: Warehouses,
    private readonly namespaces: Namespaces,
    private readonly tags: Tags,
  ) {}

  uses(namespace: string): boolean {
    return [...this.workgroups.values()].some((workgroup) => workgroup.namespace === namespace);
  }

  async create(input: Input): Promise<object> {
    const name = input.require("workgroupName");
    if (!NAME.test(name)) throw invalid(`workgroupName must be 3 to 64 of a-z, 0-9 and -, got ${name}.`);
    input.refuse("ipAddressType");
    const namespace = this.namespaces.find(input.require("namespaceName"));
    const subnetIds = await this.checkSubnets(input.strings("subnetIds") ?? []);
    if (this.workgroups.has(name)) throw conflict(`Workgroup ${name} already exists.`);
    if (this.uses(namespace.name)) throw conflict(`Namespace ${namespace.name} has a workgroup already.`);
    const { region, accountId } = this.aws;
    const id = randomUUID();
    const workgroup: Workgroup = {
      id,
      arn: `arn:aws:redshift-serverless:${region}:${accountId}:workgroup/${id}`,
      name,
      namespace: namespace.name,
      host: `${name}.${accountId}.${region}.redshift-serverless.amazonaws.com`,
      created: this.aws.clock.now(),
      subnetIds,
      port: 5439,
      baseCapacity: DEFAULT_BASE,
      publiclyAccessible: false,
      enhancedVpcRouting: false,
      securityGroupIds: [],
      parameters: PARAMETERS,
      trackName: "current",
    };
    change(workgroup, input);
    this.workgroups.set(name, workgroup);
    this.warehouses.workgroups.set(name, { arn: workgroup.arn, warehouse: namespace.warehouse });
    this.tags.open(workgroup.arn, input.tags());
    return { workgroup: describe(workgroup, "CREATING") };
  }

  get(input: Input): object {
    return { workgroup: describe(this.find(input.require("workgroupName")), "AVAILABLE") };
  }

  list(): object {
    return { workgroups: [...this.workgroups.values()].map((workgroup) => describe(workgroup, "AVAILABLE")) };
  }

  async update(input: Input): Promise<object> {
    const workgroup = this.find(input.require("workgroupName"));
    input.refuse("ipAddressType");
    const subnetIds = input.strings("subnetIds");
    const checked = subnetIds && (await this.checkSubnets(subnetIds));
    change(workgroup, input);
    if (checked) workgroup.subnetIds = checked;
    return { workgroup: describe(workgroup, "MODIFYING") };
  }

  /** The data stays: it is the namespace's. */
  delete(input: Input): object {
    const workgroup = this.find(input.require("workgroupName"));
    this.workgroups.delete(workgroup.name);
    this.warehouses.workgroups.delete(workgroup.name);
    this.tags.close(workgroup.arn);
    return { workgroup: describe(workgroup, "DELETING") };
  }

  /** What stands at this host, for a connection from outside. */
  door(host: string): Door | undefined {
    const workgroup = [...this.workgroups.values()].find((one) => one.host === host);
    if (!workgroup) return undefined;
    return {
      kind: "workgroup",
      port: workgroup.port,
      publiclyAccessible: workgroup.publiclyAccessible,
      securityGroups: workgroup.securityGroupIds,
      warehouse: this.warehouses.workgroups.get(workgroup.name)?.warehouse,
    };
  }

  arnOf(name: string): string | undefined {
    return this.workgroups.get(name)?.arn;
  }

  /** Whether this is the ARN of a workgroup. */
  has(arn: string): boolean {
    return [...this.workgroups.values()].some((workgroup) => workgroup.arn === arn);
  }

  private find(name: string): Workgroup {
    const workgroup = this.workgroups.get(name);
    if (!workgroup) throw notFound(`Workgroup ${name} doesn't exist.`);
    return workgroup;
  }

  private async checkSubnets(ids: readonly string[]): Promise<readonly string[]> {
    if (new Set(ids).size < SUBNETS) {
      throw invalid(
        `subnetIds must name at least ${SUBNETS} subnets (this account has no default VPC), got ${ids.length}.`,
      );
    }
    const { missing, vpcs, zones } = await subnetsOf(this.aws, ids);
    if (missing !== undefined) throw invalid(missing);
    if (vpcs.size > 1) throw invalid(`The subnets ${ids.join(", ")} lie in ${vpcs.size} VPCs.`);
    if (zones.size < 2) throw invalid(`The subnets ${ids.join(", ")} must lie in different Availability Zones.`);
    return ids;
  }
}

/** Sets what the call names, after all of it has been checked. */
function change(workgroup: Workgroup, input: Input): void {
  const baseCapacity = input.integer("baseCapacity") ?? workgroup.baseCapacity;
  const given = input.integer("maxCapacity");
  // -1 takes a limit away, by API_UpdateWorkgroup.
  const maxCapacity = given === -1 ? undefined : (given ?? workgroup.maxCapacity);
  checkCapacity("baseCapacity", baseCapacity, 1024);
  if (maxCapacity !== undefined) checkCapacity("maxCapacity", maxCapacity, 5632);
  if (maxCapacity !== undefined && maxCapacity < baseCapacity) {
    throw invalid(`maxCapacity ${maxCapacity} is less than baseCapacity ${baseCapacity}.`);
  }
  const port = input.integer("port") ?? workgroup.port;
  if (!((port >= 5431 && port <= 5455) || (port >= 8191 && port <= 8215))) {
    throw invalid(`port must be between 5431 and 5455 or between 8191 and 8215, got ${port}.`);
  }
  const parameters = withParameters(workgroup.parameters, input.parameters());
  const publiclyAccessible = input.boolean("publiclyAccessible") ?? workgroup.publiclyAccessible;
  const enhancedVpcRouting = input.boolean("enhancedVpcRouting") ?? workgroup.enhancedVpcRouting;
  const securityGroupIds = input.strings("securityGroupIds") ?? workgroup.securityGroupIds;
  const trackName = input.string("trackName") ?? workgroup.trackName;
  Object.assign(workgroup, {
    baseCapacity,
    maxCapacity,
    port,
    parameters,
    publiclyAccessible,
    enhancedVpcRouting,
    securityGroupIds,
    trackName,
  });
}

function checkCapacity(name: string, rpus: number, max: number): void {
  const step = rpus > 512 ? 32 : 8;
  if (rpus !== 4 && (rpus < 8 || rpus > max || rpus % step !== 0)) {
    throw invalid(`${name} must be 4, or 8 to 512 in steps of 8, or to ${max} in steps of 32, got ${rpus}.`);
  }
}

function withParameters(
  known: ReadonlyMap<string, string>,
  given: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> {
  const unknown = [...(given?.keys() ?? [])].find((key) => !PARAMETERS.has(key) && !LIMITS.includes(key));
  if (unknown !== undefined) {
    throw invalid(`configParameters must be of ${[...PARAMETERS.keys(), ...LIMITS].join(", ")}, got ${unknown}.`);
  }
  return new Map([...known, ...(given ?? [])]);
}

function describe(workgroup: Workgroup, status: string): object {
  return {
    workgroupArn: workgroup.arn,
    workgroupId: workgroup.id,
    workgroupName: workgroup.name,
    namespaceName: workgroup.namespace,
    baseCapacity: workgroup.baseCapacity,
    maxCapacity: workgroup.maxCapacity,
    configParameters: [...workgroup.parameters].map(([parameterKey, parameterValue]) => ({
      parameterKey,
      parameterValue,
    })),
    creationDate: workgroup.created.toISOString(),
    endpoint: { address: workgroup.host, port: workgroup.port, vpcEndpoints: [] },
    enhancedVpcRouting: workgroup.enhancedVpcRouting,
    port: workgroup.port,
    publiclyAccessible: workgroup.publiclyAccessible,
    securityGroupIds: workgroup.securityGroupIds,
    subnetIds: workgroup.subnetIds,
    trackName: workgroup.trackName,
    workgroupVersion: "1.0",
    status,
  };
}

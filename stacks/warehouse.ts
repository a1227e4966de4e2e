import type { Construct } from "constructs";
import type { EncryptionKey } from "../modules/encryption-key";
import { RedshiftCluster } from "../modules/redshift-cluster";
import { RedshiftServerless } from "../modules/redshift-serverless";
import type { Delivery } from "../modules/support/redshift-checks";
import { type Settings, SettingsError, type WarehouseSettings } from "../settings";

export interface WarehouseProps {
  readonly settings: Settings;
  readonly key: EncryptionKey;
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;

  /**
   * Who loads it, where the stack leaves no choice.
   *
   * @default - as the settings say
   */
  readonly delivery?: Delivery;

  /**
   * Name of its first database.
   *
   * @default - as the settings say
   */
  readonly database?: string;
}

/** Settings that one kind of warehouse has a use for and the other has not. */
const ONLY_FOR = {
  provisioned: ["nodeType", "nodes"],
  serverless: ["baseRpus", "maxRpus", "dailyRpuHours"],
} as const satisfies Record<WarehouseSettings["kind"], readonly (keyof WarehouseSettings)[]>;

/** The warehouse that the settings choose, as `warehouse` of `scope`. */
export function createWarehouse(
  scope: Construct,
  { settings, key, nameOf, ...fixed }: WarehouseProps,
): RedshiftCluster | RedshiftServerless {
  const { region, profile, warehouse } = settings;
  const { kind } = warehouse;
  const delivery = fixed.delivery ?? warehouse.delivery;
  const database = fixed.database ?? warehouse.database;
  checkPublicAddress(scope, settings, delivery);
  checkKind(scope, warehouse);
  // A private warehouse has no choice, and the setting is of the others.
  const enhancedVpcRouting = delivery === "loader" ? true : warehouse.enhancedVpcRouting;
  const common = { region, key, profile, database, delivery, enhancedVpcRouting };
  if (kind === "serverless") {
    const { baseRpus, maxRpus, dailyRpuHours } = warehouse;
    return new RedshiftServerless(scope, "warehouse", {
      ...common,
      name: nameOf("workgroup"),
      baseRpus,
      maxRpus,
      dailyRpuHours,
    });
  }
  const { nodeType, nodes } = warehouse;
  return new RedshiftCluster(scope, "warehouse", { ...common, name: nameOf("cluster"), nodeType, nodes });
}

/** What `redstream` reads to find it. */
export function warehouseOutputs(warehouse: RedshiftCluster | RedshiftServerless): Readonly<Record<string, string>> {
  return {
    ...("workgroupName" in warehouse
      ? { warehouse_workgroup: warehouse.workgroupName }
      : { warehouse_cluster: warehouse.identifier }),
    warehouse_database: warehouse.database,
    warehouse_admin_secret_arn: warehouse.adminSecretArn,
  };
}

/** `prod` is private by default: the one exception is taken knowingly or not at all. */
function checkPublicAddress(scope: Construct, { profile, warehouse }: Settings, delivery: Delivery): void {
  if (profile === "prod" && delivery === "firehose" && !warehouse.acknowledgePublicAddress) {
    throw new SettingsError(
      `${scope.node.path}: profile prod refuses warehouse.delivery "firehose": Firehose reaches a warehouse only at a public address, which one ingress rule (the Region's Firehose addresses), TLS and passwords then protect; set warehouse.acknowledgePublicAddress to true to accept that`,
    );
  }
}

function checkKind(scope: Construct, warehouse: WarehouseSettings): void {
  const other = warehouse.kind === "serverless" ? "provisioned" : "serverless";
  const useless = ONLY_FOR[other].find((name) => warehouse[name] !== undefined);
  if (useless !== undefined) {
    throw new SettingsError(
      `${scope.node.path}: warehouse.${useless} is for warehouse.kind "${other}", got kind "${warehouse.kind}" and ${useless} ${JSON.stringify(warehouse[useless])}`,
    );
  }
}

import { randomUUID } from "node:crypto";
import type { LocalAws } from "../../gateway/types";
import { createAdminSecret, deleteAdminSecret, newPassword } from "../../redshift-common/admin-secret";
import { SqlError, type Warehouse, type Warehouses } from "../../warehouse";
import { conflict, type Input, invalid, notFound } from "./input";
import type { Tags } from "./tags";

const LOGS = ["useractivitylog", "userlog", "connectionlog"];
const NAME = /^[a-z0-9-]{3,64}$/;

export interface Namespace {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly created: Date;
  readonly database: string;
  readonly adminUser: string;
  readonly warehouse: Warehouse;
  kmsKeyId: string;
  adminSecretArn?: string;
  adminSecretKmsKeyId?: string;
  defaultRole?: string;
  logExports: readonly string[];
}

/** Namespaces: the data, its users and keys. The warehouse is there as long as the namespace is, with or without a workgroup. */
export class Namespaces {
  private readonly namespaces = new Map<string, Namespace>();
  /** Names whose creation is under way, so that a second call does not make a second one. */
  private readonly making = new Set<string>();

  constructor(
    private readonly aws: LocalAws,
    private readonly warehouses: Warehouses,
    private readonly tags: Tags,
    private readonly inUse: (name: string) => boolean,
  ) {}

  async create(input: Input): Promise<object> {
    const name = input.require("namespaceName");
    if (!NAME.test(name)) throw invalid(`namespaceName must be 3 to 64 of a-z, 0-9 and -, got ${name}.`);
    if (this.namespaces.has(name) || this.making.has(name)) throw conflict(`Namespace ${name} already exists.`);
    input.refuse("redshiftIdcApplicationArn");
    this.making.add(name);
    try {
      const namespace = await this.make(name, input);
      this.namespaces.set(name, namespace);
      this.tags.open(namespace.arn, input.tags());
      return { namespace: describe(namespace, "CREATING") };
    } finally {
      this.making.delete(name);
    }
  }

  private async make(name: string, input: Input): Promise<Namespace> {
    const managed = input.boolean("manageAdminPassword") ?? false;
    const given = input.string("adminUserPassword");
    if (managed && given) throw invalid("Give either adminUserPassword or manageAdminPassword, and not both.");
    const logExports = checkLogs(input.strings("logExports") ?? []);
    const { region, accountId } = this.aws;
    const id = randomUUID();
    const adminUser = (input.string("adminUsername") ?? "admin").toLowerCase();
    const password = given ?? newPassword();
    const warehouse = await this.open(name, id, { user: adminUser, password }, input.string("dbName") ?? "dev");
    const namespace: Namespace = {
      id,
      arn: `arn:aws:redshift-serverless:${region}:${accountId}:namespace/${id}`,
      name,
      created: this.aws.clock.now(),
      database: warehouse.settings.database,
      adminUser,
      warehouse,
      kmsKeyId: input.string("kmsKeyId") ?? "AWS_OWNED_KMS_KEY",
      logExports,
    };
    try {
      setRoles(namespace, input);
      if (managed) await this.manage(namespace, password, input.string("adminPasswordSecretKmsKeyId"));
      return namespace;
    } catch (error) {
      await this.warehouses.drop(warehouse.host);
      throw error;
    }
  }

  /** Nobody connects by a namespace: its warehouse has a host of its own that no workgroup has. */
  private async open(name: string, id: string, admin: { user: string; password: string }, database: string) {
    try {
      return await this.warehouses.create({
        host: `${name}.${id}.namespace`,
        name: `namespace/${name}`,
        port: 0,
        database: database.toLowerCase(),
        admin,
      });
    } catch (error) {
      throw error instanceof SqlError ? invalid(error.message) : error;
    }
  }

  private async manage(namespace: Namespace, password: string, kmsKeyId: string | undefined): Promise<void> {
    namespace.adminSecretArn = await createAdminSecret(this.aws, {
      owner: { kind: "namespace", name: namespace.name, arn: namespace.arn },
      user: namespace.adminUser,
      password,
      kmsKeyId,
    });
    if (kmsKeyId) namespace.adminSecretKmsKeyId = kmsKeyId;
  }

  get(input: Input): object {
    return { namespace: describe(this.find(input.require("namespaceName")), "AVAILABLE") };
  }

  list(): object {
    return { namespaces: [...this.namespaces.values()].map((namespace) => describe(namespace, "AVAILABLE")) };
  }

  async update(input: Input): Promise<object> {
    const namespace = this.find(input.require("namespaceName"));
    const user = input.string("adminUsername")?.toLowerCase();
    if (user !== undefined && user !== namespace.adminUser) {
      throw invalid(`adminUsername cannot be changed on the local Redshift Serverless, got ${user}.`);
    }
    const logs = input.strings("logExports");
    if (logs) namespace.logExports = checkLogs(logs);
    namespace.kmsKeyId = input.string("kmsKeyId") ?? namespace.kmsKeyId;
    setRoles(namespace, input);
    await this.changePassword(namespace, input);
    return { namespace: describe(namespace, "MODIFYING") };
  }

  private async changePassword(namespace: Namespace, input: Input): Promise<void> {
    const managed = input.boolean("manageAdminPassword");
    const given = input.string("adminUserPassword");
    if (given && (managed || (namespace.adminSecretArn && managed !== false))) {
      throw invalid("adminUserPassword cannot be set while the password is managed: turn manageAdminPassword off.");
    }
    if (managed === false && namespace.adminSecretArn && !given) {
      throw invalid("adminUserPassword is needed when manageAdminPassword is turned off.");
    }
    if (managed === false && namespace.adminSecretArn) {
      await deleteAdminSecret(this.aws, namespace.adminSecretArn);
      namespace.adminSecretArn = undefined;
      namespace.adminSecretKmsKeyId = undefined;
    }
    const password = given ?? (managed && !namespace.adminSecretArn ? newPassword() : undefined);
    if (password === undefined) return;
    if (!given) await this.manage(namespace, password, input.string("adminPasswordSecretKmsKeyId"));
    await namespace.warehouse.setAdminPassword(password);
  }

  async delete(input: Input): Promise<object> {
    const namespace = this.find(input.require("namespaceName"));
    input.refuse("finalSnapshotName");
    if (this.inUse(namespace.name)) {
      throw conflict(`Namespace ${namespace.name} cannot be deleted: a workgroup is associated with it.`);
    }
    this.namespaces.delete(namespace.name);
    await this.warehouses.drop(namespace.warehouse.host);
    if (namespace.adminSecretArn) await deleteAdminSecret(this.aws, namespace.adminSecretArn);
    this.tags.close(namespace.arn);
    return { namespace: describe(namespace, "DELETING") };
  }

  /** @throws AwsError when there is no such namespace */
  find(name: string): Namespace {
    const namespace = this.namespaces.get(name);
    if (!namespace) throw notFound(`Namespace ${name} doesn't exist.`);
    return namespace;
  }

  arnOf(name: string): string | undefined {
    return this.namespaces.get(name)?.arn;
  }
}

function setRoles(namespace: Namespace, input: Input): void {
  const { roles } = namespace.warehouse;
  const given = input.strings("iamRoles");
  if (given) {
    roles.clear();
    for (const role of given) roles.add(role);
  }
  const byDefault = input.string("defaultIamRoleArn");
  if (byDefault === undefined) return;
  if (byDefault !== "" && !roles.has(byDefault)) {
    throw invalid(`defaultIamRoleArn ${byDefault} is not associated with the namespace.`);
  }
  namespace.defaultRole = namespace.warehouse.defaultRole = byDefault === "" ? undefined : byDefault;
}

function checkLogs(logs: readonly string[]): readonly string[] {
  const unknown = logs.find((log) => !LOGS.includes(log));
  if (unknown !== undefined) throw invalid(`logExports must be of ${LOGS.join(", ")}, got ${unknown}.`);
  return logs;
}

function describe(namespace: Namespace, status: string): object {
  return {
    namespaceArn: namespace.arn,
    namespaceId: namespace.id,
    namespaceName: namespace.name,
    adminUsername: namespace.adminUser,
    adminPasswordSecretArn: namespace.adminSecretArn,
    adminPasswordSecretKmsKeyId: namespace.adminSecretKmsKeyId,
    creationDate: namespace.created.toISOString(),
    dbName: namespace.database,
    defaultIamRoleArn: namespace.defaultRole,
    iamRoles: [...namespace.warehouse.roles],
    kmsKeyId: namespace.kmsKeyId,
    logExports: namespace.logExports,
    status,
  };
}

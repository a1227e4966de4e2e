import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Service } from "../../../../local/gateway/types";
import { createRedshiftData } from "../../../../local/services/redshift-data";
import { type Warehouse, Warehouses } from "../../../../local/warehouse";
import { FakeAws, ROOT, request, secretArn } from "../redshift/fake-aws";

export const CLUSTER_ARN = "arn:aws:redshift:us-east-1:000000000000:cluster:wh";
/** Where a statement runs that says nothing else. */
export const TARGET = { ClusterIdentifier: "wh", Database: "dev", SecretArn: secretArn("admin") };

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name only
export type Answer = Record<string, any>;

/** The Data API over a warehouse `wh` of its own, whose administrator's name and password are the secret `admin`. */
export class DataApi {
  private constructor(
    private readonly folder: string,
    readonly fake: FakeAws,
    readonly warehouses: Warehouses,
    readonly warehouse: Warehouse,
    readonly data: Service,
  ) {}

  static async start(): Promise<DataApi> {
    const folder = mkdtempSync(join(tmpdir(), "redshift-data-"));
    const fake = await new FakeAws().start(folder);
    const warehouses = new Warehouses(folder, () => ({ list: async () => [], get: async () => undefined }));
    const warehouse = await warehouses.create({
      host: "h",
      name: "wh",
      port: 5439,
      database: "dev",
      admin: { user: "admin", password: "Secret12345" },
    });
    fake.secrets.set("admin", JSON.stringify({ username: "admin", password: "Secret12345" }));
    return new DataApi(folder, fake, warehouses, warehouse, createRedshiftData(fake.aws, warehouses));
  }

  async call(action: string, input: Record<string, unknown>, caller = ROOT): Promise<Answer> {
    const { body } = await this.data.handle(
      request(JSON.stringify(input), { "x-amz-target": `RedshiftData.${action}` }, caller),
    );
    return JSON.parse(String(body));
  }

  /** Runs one statement (`Sql`) or a batch (`Sqls`) to its end and describes it. */
  async run(input: Record<string, unknown>, caller = ROOT): Promise<Answer> {
    const action = "Sqls" in input ? "BatchExecuteStatement" : "ExecuteStatement";
    const { Id } = await this.call(action, { ...input, WaitTimeSeconds: 30 }, caller);
    return this.call("DescribeStatement", { Id }, caller);
  }

  async stop(): Promise<void> {
    await this.data.close?.();
    await this.warehouses.close();
    await this.fake.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

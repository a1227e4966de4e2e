import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import { EncryptionKey } from "../../../modules/encryption-key";
import { QueryRunner } from "../../../modules/query-runner";
import { RedshiftCluster } from "../../../modules/redshift-cluster";
import { temporary } from "../../support/programs";

export const SMALL = "small-warehouse";
/** Dataset of the files, and the table that its loading user may write. */
export const DATASET = "laps";
export const TABLE = "laps";

const REGION = "us-east-1";

/** A warehouse and its migrations, and nothing else of a pipeline: small enough to be applied many times over. */
class SmallWarehouse extends TerraformStack {
  constructor(scope: App, sqlFolder: string) {
    super(scope, SMALL);
    new AwsProvider(this, "aws", { region: REGION });
    new ArchiveProvider(this, "archive");
    new LocalBackend(this, { path: `../../../.terraform-state/${SMALL}/terraform.tfstate` });
    const key = new EncryptionKey(this, "key", { description: "Small warehouse" });
    const target = new RedshiftCluster(this, "warehouse", { name: "small", region: REGION, key });
    const runner = new QueryRunner(this, "migrations", {
      name: "small-migrate",
      target,
      key,
      dataset: DATASET,
      sqlFolder,
      table: TABLE,
    });
    const outputs = {
      function_name: runner.function.fn.functionName,
      user_secret_arn: runner.userSecretArn,
      cluster: target.identifier,
      database: target.database,
      admin_secret_arn: target.adminSecretArn,
    };
    for (const [name, value] of Object.entries(outputs)) new TerraformOutput(this, name, { value, staticId: true });
  }
}

/** The migrations of one dataset as a person keeps them: files in a folder, synthesized again after each change. */
export class Dataset {
  private readonly folder = temporary("sql");
  private readonly out = path.join(temporary("small"), "cdktf.out");

  constructor() {
    mkdirSync(path.join(this.folder, DATASET));
  }

  write(name: string, sql: string): this {
    writeFileSync(path.join(this.folder, DATASET, name), `${sql}\n`);
    return this;
  }

  read(name: string): string {
    return readFileSync(path.join(this.folder, DATASET, name), "utf8").trimEnd();
  }

  get names(): string[] {
    return readdirSync(path.join(this.folder, DATASET)).sort();
  }

  /** Synthesizes the stack with the files as they are now; answers the folder. */
  synthesize(): string {
    const app = new App({ outdir: this.out });
    new SmallWarehouse(app, this.folder);
    app.synth();
    return this.out;
  }

  /** Removes what was written. */
  remove(): void {
    for (const folder of [this.folder, path.dirname(this.out)]) rmSync(folder, { recursive: true, force: true });
  }
}

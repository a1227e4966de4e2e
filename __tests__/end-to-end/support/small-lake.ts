import * as path from "node:path";
import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import { Bucket } from "../../../modules/bucket";
import { EncryptionKey } from "../../../modules/encryption-key";
import { DataFirehose } from "../../../modules/kinesis-data-firehose";
import { hourlyPartitions, LakeCatalog, valuePartitions } from "../../../modules/lake-catalog";
import { temporary } from "../../support/programs";

export const SMALL_LAKE = "small-lake";
export const COLUMNS = [
  { name: "car", type: "string" },
  { name: "speed", type: "double" },
  { name: "gear", type: "int" },
  { name: "tires", type: "struct<front_left:double>" },
];

/** Delivery streams with every option of the S3 destination, each on a bucket of its own. */
class SmallLake extends TerraformStack {
  constructor(scope: App) {
    super(scope, SMALL_LAKE);
    new AwsProvider(this, "aws", { region: "us-east-1" });
    new ArchiveProvider(this, "archive");
    new LocalBackend(this, { path: `../../../.terraform-state/${SMALL_LAKE}/terraform.tfstate` });
    const key = new EncryptionKey(this, "key", { description: "Small lake" });
    const bucket = (name: string) =>
      new Bucket(this, `${name}-bucket`, { name: `small-${name}`, key, forceDestroy: true });
    const [columnar, partitioned] = [bucket("columnar"), bucket("partitioned")];

    const catalog = new LakeCatalog(this, "lake", {
      name: SMALL_LAKE,
      databaseName: "small",
      resultsBucketName: "small-results",
      key,
      forceDestroy: true,
    });
    const table = catalog.addTable("laps", {
      name: "laps",
      bucket: columnar,
      format: "parquet",
      columns: COLUMNS,
      partitioning: hourlyPartitions(this),
    });
    new DataFirehose(this, "columnar", {
      name: "columnar",
      bucket: columnar,
      key,
      format: { type: "PARQUET", table },
      backup: { bucket: columnar },
      bufferingIntervalSeconds: 60,
      timeZone: "Asia/Tokyo",
    });
    catalog.addTable("by-driver", {
      name: "by_driver",
      bucket: partitioned,
      format: "json",
      columns: COLUMNS,
      partitioning: valuePartitions(this, { driver: ["a", "b"] }, hourlyPartitions(this)),
    });
    new DataFirehose(this, "partitioned", {
      name: "partitioned",
      bucket: partitioned,
      key,
      partitioning: { keys: { driver: ".car" } },
      fileExtension: ".jsonl.gz",
    });
    new DataFirehose(this, "at-once", {
      name: "at-once",
      bucket: partitioned,
      key,
      bufferingIntervalSeconds: 0,
      prefix: "at-once/",
      errorPrefix: "",
    });
    new TerraformOutput(this, "buckets", { value: [columnar.name, partitioned.name], staticId: true });
  }
}

/** Synthesizes it; answers the folder: what `cdktf.out` would be. */
export function synthesizeSmallLake(): string {
  const outdir = path.join(temporary("small-lake"), "cdktf.out");
  const app = new App({ outdir });
  new SmallLake(app);
  app.synth();
  return outdir;
}

import { existsSync } from "node:fs";
import * as path from "node:path";
import { DataArchiveFile } from "@cdktf/provider-archive/lib/data-archive-file";
import { AssetType, TerraformAsset } from "cdktf";
import { DataResource } from "cdktf/lib/terraform-data-resource";
import { Construct } from "constructs";
import { ConfigError } from "../support/check";

/**
 * The zip of one handler, made by Terraform's `archive` provider from the bundled source in the stack's folder.
 *
 * The data source waits for a resource that is replaced when the source changes, so it is read during that apply: the zip then
 * exists also where a saved plan is applied on another machine. The file mode is fixed, so the same source gives the same hash.
 */
export class FunctionPackage extends Construct {
  readonly zip: DataArchiveFile;

  constructor(scope: Construct, id: string, source: string) {
    super(scope, id);
    const bundle = path.resolve(".build", "lambda", source, "index.js");
    if (!existsSync(bundle)) {
      throw new ConfigError(
        this,
        `lambda-src/${source} is not bundled; synthesize with "npm run synth", which bundles first`,
      );
    }
    const asset = new TerraformAsset(this, "source", { path: bundle, type: AssetType.FILE });
    const file = `\${path.module}/${asset.path}`;
    const changed = new DataResource(this, "source-hash", { triggersReplace: { source: `\${filesha256("${file}")}` } });
    this.zip = new DataArchiveFile(this, "zip", {
      type: "zip",
      sourceFile: file,
      outputPath: `\${path.module}/lambda/${source}.zip`,
      outputFileMode: "0644",
      dependsOn: [changed],
    });
  }
}

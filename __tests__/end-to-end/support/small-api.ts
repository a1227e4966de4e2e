import { rmSync } from "node:fs";
import * as path from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import { AccountLogging, IngestApi, type IngestApiProps } from "../../../modules/api-gateway";
import { EncryptionKey } from "../../../modules/encryption-key";
import { DataStream } from "../../../modules/kinesis-data-stream";
import { temporary } from "../../support/programs";

export const SMALL_API = "small-api";

const REGION = "us-east-1";

/** One data stream and several APIs before it: what a caller must show is all they differ in. */
class SmallApi extends TerraformStack {
  constructor(scope: App, apis: Readonly<Record<string, Partial<IngestApiProps>>>) {
    super(scope, SMALL_API);
    new AwsProvider(this, "aws", { region: REGION });
    new LocalBackend(this, { path: `../../../.terraform-state/${SMALL_API}/terraform.tfstate` });
    const key = new EncryptionKey(this, "key", { description: "Small API" });
    const stream = new DataStream(this, "stream", { name: "small", key });
    const accountLogging = new AccountLogging(this, "logging");
    const output = (name: string, value: string) => new TerraformOutput(this, name, { value, staticId: true });
    output("stream_name", stream.name);
    for (const [name, props] of Object.entries(apis)) {
      const api = new IngestApi(this, name, {
        name: `small-${name}`,
        key,
        target: { dataStream: stream },
        accountLogging,
        ...props,
      });
      const outputs = { api_url: api.url, api_auth: api.auth, ...api.callerOutputs };
      for (const [end, value] of Object.entries(outputs)) output(`${name}_${end}`, value);
    }
  }
}

/** Synthesizes the stack with these APIs; answers the folder, which goes with the test. */
export function synthesizeApis(apis: Readonly<Record<string, Partial<IngestApiProps>>>): string {
  const folder = temporary("small-api");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const app = new App({ outdir: path.join(folder, "cdktf.out") });
  new SmallApi(app, apis);
  app.synth();
  return path.join(folder, "cdktf.out");
}

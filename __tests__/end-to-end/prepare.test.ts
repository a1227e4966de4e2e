import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { terraformEnvironment } from "../../local/setup/environment";
import type { PluginSource } from "../../local/setup/plugins";
import { ensureTerraform } from "../../local/setup/terraform";
import { prepareCopy } from "../../local/terraform/prepare";
import { Terraform, type TerraformError } from "../../local/terraform/terraform";
import { temporary } from "../support/programs";

/** A source without random and archive, whatever this machine has: the stand-ins are what is tried here, and they need no plugin. */
const BARE: PluginSource = { kind: "mirror", folder: "/none", versions: {} };

const STACK = {
  terraform: {
    backend: { local: { path: "../../../.terraform-state/small/terraform.tfstate" } },
    required_providers: {
      archive: { source: "archive", version: "2.7.1" },
      random: { source: "hashicorp/random", version: "3.7.2" },
    },
  },
  provider: { archive: [{}], random: [{}] },
  data: {
    archive_file: {
      zip: {
        depends_on: ["terraform_data.hash"],
        output_file_mode: "0644",
        output_path: "${path.module}/lambda/f.zip",
        source_file: "${path.module}/index.js",
        type: "zip",
      },
    },
  },
  resource: {
    random_id: { suffix: { byte_length: 3 } },
    terraform_data: {
      hash: { triggers_replace: { source: '${filesha256("${path.module}/index.js")}' } },
      name: { input: 'x-${upper("${random_id.suffix.hex}")}', depends_on: ["random_id.suffix"] },
      function: { input: "${data.archive_file.zip.output_base64sha256}" },
    },
  },
  output: {
    name: { value: "${terraform_data.name.output}" },
    hash: { value: "${terraform_data.function.output}" },
    zip: { value: "${data.archive_file.zip.output_path}" },
    on_disk: { value: "${filebase64sha256(data.archive_file.zip.output_path)}" },
  },
};

function project(configuration: unknown = STACK) {
  const from = path.join(temporary("project"), "cdktf.out");
  const source = path.join(from, "stacks", "small");
  mkdirSync(source, { recursive: true });
  writeFileSync(path.join(source, "index.js"), "exports.handler = () => 1;\n");
  writeFileSync(path.join(source, "cdk.tf.json"), JSON.stringify(configuration));
  writeFileSync(
    path.join(from, "manifest.json"),
    JSON.stringify({ version: "0.21.0", stacks: { small: { name: "small" } } }),
  );
  const run = temporary("run");
  const lines: string[] = [];
  const prepare = () => prepareCopy({ stack: "small", from, to: path.join(run, "cdktf.out"), plugins: BARE });
  const terraform = (folder: string, parent: NodeJS.ProcessEnv = process.env) =>
    new Terraform({
      folder,
      env: terraformEnvironment({
        folder: run,
        endpoint: "http://127.0.0.1:1",
        region: "us-east-1",
        setup: {},
        parent,
      }),
      log: path.join(run, "terraform.log"),
      progress: (line) => lines.push(line),
    });
  return { from, source, run, lines, prepare, terraform };
}

describe("a prepared copy under the real Terraform", () => {
  it("is applied, planned again without a change, also when it is prepared again, and destroyed", async () => {
    const { prepare, terraform, lines } = project();
    const { folder, state } = prepare();
    const tf = terraform(folder);
    await tf.init();
    await tf.validate();
    expect((await tf.plan()).changes.map(({ address, actions }) => `${actions} ${address}`).sort()).toEqual([
      "create terraform_data.archive_file_zip",
      "create terraform_data.function",
      "create terraform_data.hash",
      "create terraform_data.name",
      "create terraform_data.random_id_suffix",
    ]);
    await tf.apply();
    const outputs = await tf.output();
    expect(outputs).toMatchObject({
      name: expect.stringMatching(/^x-[0-9A-F]{6}$/),
      zip: "./lambda/f.zip",
      on_disk: outputs.hash,
    });
    expect(existsSync(state)).toBe(true);

    prepare();
    expect(await tf.plan()).toEqual({ changes: [], drift: [], outputs: [] });
    await tf.destroy();
    expect((JSON.parse(readFileSync(state, "utf8")) as { resources: unknown[] }).resources).toEqual([]);
    expect(lines).toEqual([
      "5 changes planned",
      ...[1, 2, 3, 4, 5].map((n) => expect.stringMatching(new RegExp(`^${n} of 5 done, last terraform_data\\.`))),
      "5 changes planned",
      ...[1, 2, 3, 4, 5].map((n) => expect.stringMatching(new RegExp(`^${n} of 5 done, last terraform_data\\.`))),
    ]);
  });

  it("gives a changed source a changed hash, and changes nothing else", async () => {
    const { prepare, terraform, source } = project();
    const tf = terraform(prepare().folder);
    await tf.init();
    await tf.apply();
    const before = await tf.output();
    writeFileSync(path.join(source, "index.js"), "exports.handler = () => 2;\n");
    prepare();
    expect((await tf.plan("p")).changes.map(({ address }) => address).sort()).toEqual([
      "terraform_data.archive_file_zip",
      "terraform_data.function",
      "terraform_data.hash",
    ]);
    await tf.apply("p");
    const after = await tf.output();
    expect([after.name === before.name, after.hash === before.hash, after.on_disk === after.hash]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("lets no planted secret into Terraform's state, log or outputs", async () => {
    const configuration = {
      ...STACK,
      variable: { password: { default: "unset" } },
      output: { password: { value: "${var.password}" } },
    };
    const { prepare, terraform, run } = project(configuration);
    const secret = "planted-secret";
    const planted = {
      ...process.env,
      TF_VAR_password: secret,
      TF_CLI_ARGS: `-var=password=${secret}`,
      TF_LOG: "trace",
      AWS_SESSION_TOKEN: secret,
    };
    const { folder } = prepare();
    const tf = terraform(folder, planted);
    await tf.init();
    await tf.apply();
    expect(await tf.output()).toEqual({ password: "unset" });
    expect(spawnSync("grep", ["-rl", secret, run], { encoding: "utf8" }).stdout).toBe("");
  });

  it("fails with Terraform's own words", async () => {
    const { prepare, terraform } = project({ ...STACK, output: { x: { value: "${terraform_data.none.output}" } } });
    const { folder } = prepare();
    const tf = terraform(folder);
    await tf.init();
    const error = (await tf.validate().catch((caught) => caught)) as TerraformError;
    expect(error.message).toMatch(
      /^terraform validate failed \(exit code 1\)\nReference to undeclared resource\n {2}A managed resource "terraform_data" "none"/,
    );
  });
});

describe("the Terraform of this machine", () => {
  it("is found with a source that has the AWS provider", async () => {
    const lines: string[] = [];
    const { version, plugins } = await ensureTerraform((line) => lines.push(line), { root: temporary("project") });
    expect(lines).toEqual([expect.stringContaining(`Terraform ${version}; plugins come from`)]);
    expect(plugins.kind === "registry" || plugins.versions.aws!.length > 0).toBe(true);
  });
});

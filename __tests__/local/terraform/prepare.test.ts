import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { PluginSource } from "../../../local/setup/plugins";
import { checkOwnState, prepareCopy } from "../../../local/terraform/prepare";
import { zipOf } from "../../../local/terraform/zip";
import { temporary } from "../../support/programs";

const MIRROR: PluginSource = { kind: "mirror", folder: "/mirror", versions: { aws: ["5.100.0"] } };
const FULL: PluginSource = {
  kind: "mirror",
  folder: "/mirror",
  versions: { aws: ["5.100.0"], random: ["3.7.2"], archive: ["2.7.1"] },
};
const HANDLER = "exports.handler = () => 1;\n";

/** A stack as CDKTF writes one, with a bucket named by a random suffix and a function from a zip. */
const stack = () => ({
  "//": { metadata: { overrides: { random_id: ["x"] }, stackName: "lake" } },
  terraform: {
    backend: { local: { path: "../../../.terraform-state/lake/terraform.tfstate" } },
    required_providers: {
      archive: { source: "archive", version: "2.7.1" },
      aws: { source: "aws", version: "5.100.0" },
      random: { source: "hashicorp/random", version: "3.7.2" },
    },
  },
  provider: { archive: [{}], aws: [{ region: "us-east-1" }], random: [{}] },
  data: {
    archive_file: {
      package_zip: {
        "//": { metadata: { path: "lake/package/zip" } },
        depends_on: ["terraform_data.hash"],
        output_file_mode: "0644",
        output_path: "${path.module}/lambda/clean.zip",
        source_file: "${path.module}/assets/source/index.js",
        type: "zip",
      },
    },
    aws_region: { here: {} },
  },
  resource: {
    aws_s3_bucket: { raw: { bucket: "raw-${random_id.suffix.hex}", tags: { note: "random_id.suffix.hex" } } },
    aws_lambda_function: {
      clean: {
        filename: "${data.archive_file.package_zip.output_path}",
        source_code_hash: "${data.archive_file.package_zip.output_base64sha256}",
        depends_on: ["random_id.suffix", "data.archive_file.package_zip", "aws_s3_bucket.raw"],
      },
    },
    random_id: { suffix: { "//": { metadata: { path: "lake/suffix" } }, byte_length: 3 } },
    terraform_data: {
      hash: { triggers_replace: { source: '${filesha256("${path.module}/assets/source/index.js")}' } },
    },
  },
  output: { name: { value: "${random_id.suffix.dec}-${aws_s3_bucket.raw.id}" } },
});

// biome-ignore lint/suspicious/noExplicitAny: changed freely by the tests
type Json = any;

function synthesized(change: (json: Json) => void = () => {}) {
  const json: Json = stack();
  change(json);
  const from = path.join(temporary("project"), "cdktf.out");
  const folder = path.join(from, "stacks", "lake");
  mkdirSync(path.join(folder, "assets", "source"), { recursive: true });
  writeFileSync(path.join(folder, "assets", "source", "index.js"), HANDLER);
  const text = `${JSON.stringify(json, null, 4)}\n\n`;
  writeFileSync(path.join(folder, "cdk.tf.json"), text);
  const stacks = Object.fromEntries(
    ["lake", "other"].map((name) => [name, { name, workingDirectory: `stacks/${name}` }]),
  );
  writeFileSync(path.join(from, "manifest.json"), JSON.stringify({ version: "0.21.0", stacks }));
  const to = path.join(temporary("run"), "cdktf.out");
  const prepare = (plugins = MIRROR, jar?: string) => prepareCopy({ stack: "lake", from, to, plugins, jar });
  return { from, folder, to, text, json, prepare };
}
const readJson = (folder: string): Json => JSON.parse(readFileSync(path.join(folder, "cdk.tf.json"), "utf8"));

describe("a prepared copy", () => {
  it("is the stack byte for byte where the plugin source has everything", () => {
    const { prepare, text } = synthesized();
    const { folder, standIns } = prepare(FULL);
    expect(readFileSync(path.join(folder, "cdk.tf.json"), "utf8")).toBe(text);
    expect(standIns).toEqual([]);
  });

  it("lies where the stack's backend puts the state beside it, and names only the stacks that were copied", () => {
    const { prepare, to } = synthesized();
    const prepared = prepare();
    expect(prepared.folder).toBe(path.join(to, "stacks", "lake"));
    expect(prepared.state).toBe(path.join(prepared.folder, "../../../.terraform-state/lake/terraform.tfstate"));
    expect(JSON.parse(readFileSync(path.join(to, "manifest.json"), "utf8"))).toEqual({
      version: "0.21.0",
      stacks: { lake: { name: "lake", workingDirectory: "stacks/lake" } },
    });
  });

  it("differs from the stack in the random and archive parts alone", () => {
    const { prepare, json } = synthesized();
    const { folder, configuration } = prepare();
    const copy = readJson(folder);
    expect(configuration).toEqual(copy);
    const { random_id_suffix: random, archive_file_package_zip: zip, hash } = copy.resource.terraform_data;
    expect(hash).toEqual(json.resource.terraform_data.hash);
    const hex = random.input.hex;
    expect(hex).toMatch(/^[0-9a-f]{6}$/);
    const bytes = Buffer.from(hex, "hex");
    expect(random).toEqual({
      input: {
        id: bytes.toString("base64url"),
        b64_url: bytes.toString("base64url"),
        b64_std: bytes.toString("base64"),
        dec: String(bytes.readUIntBE(0, 3)),
        hex,
      },
    });
    expect(zip.depends_on).toEqual(["terraform_data.hash"]);

    const expected: Json = stack();
    delete expected.terraform.required_providers.random;
    delete expected.terraform.required_providers.archive;
    delete expected.provider.random;
    delete expected.provider.archive;
    delete expected.data.archive_file;
    delete expected.resource.random_id;
    expected.resource.terraform_data = copy.resource.terraform_data;
    expected.resource.aws_s3_bucket.raw.bucket = "raw-${terraform_data.random_id_suffix.output.hex}";
    expected.resource.aws_lambda_function.clean = {
      filename: "${terraform_data.archive_file_package_zip.output.output_path}",
      source_code_hash: "${terraform_data.archive_file_package_zip.output.output_base64sha256}",
      depends_on: ["terraform_data.random_id_suffix", "terraform_data.archive_file_package_zip", "aws_s3_bucket.raw"],
    };
    expected.output.name.value = "${terraform_data.random_id_suffix.output.dec}-${aws_s3_bucket.raw.id}";
    expect(copy).toEqual(expected);
  });

  it("keeps the order of what it does not touch", () => {
    const { prepare, json } = synthesized();
    const copy = readJson(prepare().folder);
    expect(Object.keys(copy)).toEqual(Object.keys(json));
    expect(Object.keys(copy.resource)).toEqual(["aws_s3_bucket", "aws_lambda_function", "terraform_data"]);
  });

  it("holds the zip that the archive provider would make, its hash in the configuration", () => {
    const { folder } = synthesized().prepare();
    const zip = readFileSync(path.join(folder, "lambda", "clean.zip"));
    expect(zip.equals(zipOf("index.js", Buffer.from(HANDLER), 0o644))).toBe(true);
    const { input } = readJson(folder).resource.terraform_data.archive_file_package_zip;
    const hash = require("node:crypto").createHash("sha256").update(zip).digest("base64");
    expect(input).toMatchObject({
      output_path: "${path.module}/lambda/clean.zip",
      output_base64sha256: hash,
      output_size: zip.length,
    });
  });

  it("tells what stands in for what", () => {
    expect(synthesized().prepare().standIns).toEqual([
      "random_id.suffix is a terraform_data with a value made here: the plugin mirror has no hashicorp/random",
      "data.archive_file.package_zip is a zip made here and a terraform_data: the plugin mirror has no hashicorp/archive",
    ]);
  });

  it("gives the same values when it is prepared again, and leaves what Terraform put there", () => {
    const { prepare } = synthesized();
    const { folder } = prepare();
    const before = readFileSync(path.join(folder, "cdk.tf.json"), "utf8");
    mkdirSync(path.join(folder, ".terraform"));
    writeFileSync(path.join(folder, "stale.json"), "");
    prepare();
    expect(readFileSync(path.join(folder, "cdk.tf.json"), "utf8")).toBe(before);
    expect([existsSync(path.join(folder, ".terraform")), existsSync(path.join(folder, "stale.json"))]).toEqual([
      true,
      false,
    ]);
  });

  it("makes a random value anew when its resource changes, as the provider does", () => {
    const { prepare, from, json } = synthesized();
    const hex = () => readJson(prepare().folder).resource.terraform_data.random_id_suffix.input.hex;
    const before = hex();
    json.resource.random_id.suffix.byte_length = 8;
    writeFileSync(path.join(from, "stacks", "lake", "cdk.tf.json"), JSON.stringify(json));
    expect([before.length, hex().length]).toEqual([6, 16]);
  });

  it("leaves the synthesized folder as it is and takes no state or plugins from it", () => {
    const { prepare, folder, text } = synthesized();
    mkdirSync(path.join(folder, ".terraform"));
    for (const name of [".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"])
      writeFileSync(path.join(folder, name), "");
    const copy = prepare().folder;
    expect(readFileSync(path.join(folder, "cdk.tf.json"), "utf8")).toBe(text);
    expect(
      [".terraform", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"].filter((name) =>
        existsSync(path.join(copy, name)),
      ),
    ).toEqual([]);
  });
});

describe("the JAR of a prepared copy", () => {
  const withJar = (json: Json) => {
    json.resource.aws_s3_object = {
      code: { key: "flink-sql-runner.jar", source: "${path.module}/flink-sql-runner.jar" },
    };
  };
  const PLACEHOLDER =
    "flink-sql-runner.jar is a placeholder, because it is not built; the analytics SELECT is evaluated by the embedded engine";

  it("is a placeholder where it is missing, and says so", () => {
    const { folder, standIns } = synthesized(withJar).prepare(FULL);
    expect(standIns).toEqual([PLACEHOLDER]);
    expect(readFileSync(path.join(folder, "flink-sql-runner.jar")).toString("latin1")).toContain("It runs nothing.");
  });

  it("is the one that is given where the stack has none", () => {
    const jar = path.join(temporary("jar"), "built.jar");
    writeFileSync(jar, "the real one");
    const { folder, standIns } = synthesized(withJar).prepare(FULL, jar);
    expect([readFileSync(path.join(folder, "flink-sql-runner.jar"), "utf8"), standIns]).toEqual(["the real one", []]);
  });

  it("is the stack's own where it is there", () => {
    const { prepare, folder } = synthesized(withJar);
    writeFileSync(path.join(folder, "flink-sql-runner.jar"), "of the stack");
    const prepared = prepare(FULL, "/nonexistent.jar");
    expect([readFileSync(path.join(prepared.folder, "flink-sql-runner.jar"), "utf8"), prepared.standIns]).toEqual([
      "of the stack",
      [],
    ]);
  });
});

describe("the state of a prepared copy", () => {
  const override = (folder: string) => path.join(folder, "redstream_override.tf.json");

  it.each([
    ["backend s3", { backend: { s3: { bucket: "state" } } }],
    ["the workspace of the stack's cloud block", { cloud: { organization: "x" } }],
    ["the state in the stack's folder", {}],
    ['the state at "/home/someone/state"', { backend: { local: { path: "/home/someone/state" } } }],
  ])("is its own in place of %s, by an override file, and says so", (what, terraform) => {
    const { prepare, to } = synthesized((json) => {
      json.terraform = { required_providers: {}, ...terraform };
    });
    const { folder, state, standIns } = prepare(FULL);
    expect(JSON.parse(readFileSync(override(folder), "utf8"))).toEqual({
      terraform: { backend: { local: { path: "../../../.terraform-state/lake/terraform.tfstate" } } },
    });
    expect(state).toBe(path.join(to, "..", ".terraform-state", "lake", "terraform.tfstate"));
    expect(standIns).toEqual([
      `a state of this copy's own stands in for ${what}, which is neither read nor written (redstream_override.tf.json)`,
    ]);
  });

  it("needs no override file where the stack's own backend puts it there", () => {
    expect(existsSync(override(synthesized().prepare(FULL).folder))).toBe(false);
  });
});

describe("a copy is refused", () => {
  const refused = (change: (json: Json) => void, message: string, plugins = MIRROR) =>
    expect(() => synthesized(change).prepare(plugins)).toThrow(message);

  it("for a stack that is not there, with those that are", () => {
    const { from, to } = synthesized();
    expect(() => prepareCopy({ stack: "../x", from, to, plugins: MIRROR })).toThrow(
      `there is no stack "../x" in ${from}; there are lake, other`,
    );
  });

  it("where nothing is synthesized", () => {
    const from = temporary("empty");
    expect(() => prepareCopy({ stack: "lake", from, to: `${from}/copy`, plugins: MIRROR })).toThrow(
      `${from}/manifest.json cannot be read; nothing is synthesized in ${from}: synthesize first`,
    );
  });

  it("for a provider or a version that the mirror lacks", () => {
    refused((json) => {
      json.terraform.required_providers.aws.version = "6.0.0";
    }, "lake needs the provider aws 6.0.0; the plugin mirror /mirror holds 5.100.0 of it");
    refused((json) => {
      json.terraform.required_providers.null = { source: "null", version: "3.2.4" };
    }, "lake needs the provider null 3.2.4; the plugin mirror /mirror holds none of it");
  });

  it("for random resources that nobody here can make", () => {
    refused((json) => {
      json.resource.random_pet = { name: { length: 2 } };
    }, "random_pet.name: the local run without the random provider knows only random_id, random_string, random_password; use a plugin mirror that holds hashicorp/random");
    refused((json) => {
      json.resource.random_id.suffix.count = 2;
    }, "random_id.suffix: count is not known to the local run without the random provider");
  });

  it.each([
    ["source_dir", { source_dir: "assets" }, "source_dir needs a plugin mirror that holds hashicorp/archive"],
    ["another type", { type: "tar.gz" }, 'type "tar.gz" needs a plugin mirror that holds hashicorp/archive'],
    [
      "a source outside of the stack",
      { source_file: "../../../../etc/passwd" },
      'source_file must be a path inside the stack\'s folder, got "../../../../etc/passwd"',
    ],
    [
      "an output outside of the stack",
      { output_path: "/tmp/x.zip" },
      'output_path must be a path inside the stack\'s folder, got "/tmp/x.zip"',
    ],
    [
      "a source only Terraform knows",
      { source_file: "${var.x}" },
      'source_file must be a path inside the stack\'s folder, got "${var.x}"',
    ],
    [
      "a missing source",
      { source_file: "assets/none.js" },
      "assets/none.js does not exist: synthesize the stack again",
    ],
    [
      "a mode that is none",
      { output_file_mode: "rw" },
      'output_file_mode must be an octal mode such as "0644", got "rw"',
    ],
  ])("for an archive_file with %s", (_, change, message) => {
    refused((json) => Object.assign(json.data.archive_file.package_zip, change), message);
  });

  it("where a stand-in would meet a resource of its name", () => {
    refused((json) => {
      json.resource.terraform_data.random_id_suffix = {};
    }, "random_id.suffix: its stand-in terraform_data.random_id_suffix would meet a resource of that name in the stack");
  });
});

describe("the place of a copy that a person names", () => {
  const from = "/project/cdktf.out";

  it.each(["copy", "cdktf.out"])("is not beside the synthesized folder (%s), whose state it would share", (name) => {
    expect(() => checkOwnState({ from, to: `/project/${name}` })).toThrow(
      `a copy in /project/${name} would keep its state in /project/.terraform-state, where the stack in /project/cdktf.out keeps its own: give it a folder of its own, such as .redstream/copy/cdktf.out`,
    );
  });

  it("is anywhere else", () => {
    expect(() => checkOwnState({ from, to: "/project/.redstream/copy/cdktf.out" })).not.toThrow();
  });
});

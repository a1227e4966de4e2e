import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { runCommand } from "../../local/setup/command";
import { terraformEnvironment } from "../../local/setup/environment";
import { temporary } from "../support/programs";
import { Applied } from "./support/applied";
import { applyNeighbours } from "./support/neighbour";
import { Checkov } from "./support/scan/checkov";
import { exceptionsOfModules } from "./support/scan/exceptions";
import { findingsOf, type Scan, type Scanned, scannedOf, stale, unexcused, unseen } from "./support/scan/findings";
import { type Schemas, schemasOf, toHcl } from "./support/scan/hcl";
import { Tfsec } from "./support/scan/tfsec";
import { type Configuration, configurationOf, stacksOf, synthesizeWith } from "./support/synthesized";

// A quarter of an hour on two idle cores, most of it plans.
jest.setTimeout(2_700_000);

const SHARED_STATE = { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" };
/** Settings under which every stack is scanned. */
const VARIANTS: Readonly<Record<string, object>> = {
  dev: {},
  prod: { profile: "prod", backend: SHARED_STATE, warehouse: { acknowledgePublicAddress: true } },
  "prod serverless": {
    profile: "prod",
    backend: SHARED_STATE,
    warehouse: { kind: "serverless", acknowledgePublicAddress: true },
  },
  serverless: { warehouse: { kind: "serverless" } },
  "engine sql": { telemetry: { engine: "sql" } },
  "parquet, partitioning": {
    telemetry: {
      raw: { format: "parquet", backup: true, partitioning: { lap_gear: { expression: ".gear", values: ["7"] } } },
    },
  },
  orders: { orders: { kafka: "serverless", adminPassword: "terraform", nat: "one" } },
  "orders, VPN": {
    orders: {
      vpn: {
        kind: "softether",
        operatorCidr: "192.0.2.7/32",
        image: `siomiz/softethervpn@sha256:${"0".repeat(64)}`,
        spot: true,
      },
    },
  },
  "orders, SSM": { orders: { vpn: { kind: "ssm" } } },
  "delivery loader": { warehouse: { delivery: "loader" }, events: { delivery: "loader", lakeFormat: "parquet" } },
  "loader auth ssm": { loader: { auth: "ssm" } },
  "auth apiKey": { telemetry: { auth: "apiKey", allowedOrigin: "https://example.com" } },
  "auth cognito": { telemetry: { auth: "cognito" } },
  "auth none": { telemetry: { auth: "none", allowedCidrs: ["192.0.2.0/24"] } },
};
/** Those that are also planned, which takes longer. */
const PLANNED = ["dev", "prod", "delivery loader"];

/** Types whose checks of checkov look at them through another resource, or have nothing to say of a delivery from a stream. */
const SILENT = new Set([
  "aws_kinesis_firehose_delivery_stream",
  "aws_s3_bucket_server_side_encryption_configuration",
  "aws_s3_bucket_versioning",
  "aws_sns_topic_policy",
]);

/** Types that tfsec is known to have rules for. */
const TFSEC_TYPES = new Set([
  "aws_api_gateway_stage",
  "aws_kinesis_stream",
  "aws_lambda_function",
  "aws_redshift_cluster",
  "aws_s3_bucket",
  "aws_vpc",
]);

/** What checkov asks of these is a lifecycle, which stands in the configuration and not in a plan. */
const NOT_IN_PLANS = new Set(["aws_api_gateway_deployment", "aws_api_gateway_rest_api"]);

interface Target {
  readonly variant: string;
  readonly scanned: ReadonlyMap<string, Scanned>;
  readonly configuration: Configuration;
  readonly scans: Scan[];
}

let checkov: Checkov;
let tfsec: Tfsec;
let schemas: Schemas;
let checkovTypes: ReadonlySet<string>;
const targets = new Map<string, Target>();
const local: Applied[] = [];

beforeAll(async () => {
  [checkov, tfsec] = await Promise.all([Checkov.install(), Tfsec.install()]);
  checkovTypes = await checkov.types();

  const folders = new Map<string, string>();
  for (const [variant, settings] of Object.entries(VARIANTS)) folders.set(variant, await synthesizeWith(settings));
  const files = new Map<string, string>();
  const plans = new Map<string, string>();
  for (const stack of stacksOf(folders.get("dev")!)) {
    const applied = await Applied.start(stack, 1);
    local.push(applied);
    const scanned = new Set<string>();
    for (const [variant, folder] of folders) {
      const name = `${stack}, ${variant}`;
      const configuration = configurationOf(folder, stack);
      // Settings that say nothing to this stack: it has been taken as it is.
      const text = JSON.stringify(configuration);
      if (scanned.has(text)) continue;
      scanned.add(text);
      targets.set(name, { variant, configuration, scanned: scannedOf(configuration), scans: [] });
      files.set(name, path.join(folder, "stacks", stack, "cdk.tf.json"));
      if (PLANNED.includes(variant)) plans.set(name, await planned(applied, folder));
    }
  }
  await take("terraform_json", files);
  await take("terraform_plan", plans);
  for (const { configuration, scans } of targets.values()) scans.push(await tfsec.scan(toHcl(configuration, schemas)));
});

afterAll(async () => {
  for (const applied of local) await applied.stop();
});

async function take(framework: "terraform_json" | "terraform_plan", files: ReadonlyMap<string, string>) {
  const scans = await checkov.scan(framework, [...files.values()]);
  for (const [name, file] of files) targets.get(name)!.scans.push(scans.get(file)!);
}

/** A plan against an empty local AWS as JSON in a file; on the way the providers' schemas are read once. */
async function planned(applied: Applied, folder: string): Promise<string> {
  const { terraform, taken } = applied.take(folder);
  applyNeighbours(taken.prepared, folder);
  await terraform.init();
  await terraform.plan();
  const run = terraformIn(taken.prepared.folder, applied);
  schemas ??= schemasOf(JSON.parse(await run("providers", "schema", "-json")));
  return written(await run("show", "-json", "redstream.tfplan"));
}

function written(plan: string): string {
  const file = path.join(temporary("plan"), "plan.json");
  writeFileSync(file, plan);
  return file;
}

/** Terraform in a folder, able to reach nothing but the local AWS; answers what it prints. */
const terraformIn =
  (cwd: string, { gateway, setUp }: Applied) =>
  async (...args: string[]): Promise<string> => {
    const setup = setUp.terraform.environment;
    const { endpoint, aws } = gateway;
    const env = terraformEnvironment({ folder: temporary("terraform"), endpoint, region: aws.region, setup });
    const { code, stdout, stderr } = await runCommand("terraform", args, { env, cwd });
    if (code !== 0) throw new Error(`terraform ${args.join(" ")}: ${stderr}`);
    return stdout;
  };

const everyFinding = () =>
  [...targets.values()].flatMap(({ scans, scanned, variant }) =>
    scans.flatMap((scan) => findingsOf(scan, scanned, variant)),
  );

describe("every stack under every profile", () => {
  it("has no finding that no module gives a reason for", () => {
    expect(unexcused(everyFinding(), exceptionsOfModules())).toEqual([]);
  });

  it("needs every exception that a module states", () => {
    expect(stale(everyFinding(), exceptionsOfModules())).toEqual([]);
  });

  it("was really looked at: no resource of a type that a scanner has checks for is without a result", () => {
    for (const { scans, scanned } of targets.values()) {
      for (const scan of scans) expect(unseen(scan, scanned, has(scan.scanner))).toEqual([]);
    }
  });

  it("gives its policies as documents, which scanners read, and not as strings, which they do not", () => {
    for (const { configuration } of targets.values()) expect(policyStrings(configuration.resource)).toEqual([]);
  });
});

/** Whether a scanner has checks for a type. A plan has no data sources: what they gave stands in the resources. */
const has = (scanner: string) => (type: string) => {
  if (scanner === "tfsec") return TFSEC_TYPES.has(type);
  if (scanner === "checkov terraform_plan" && (type.startsWith("data.") || NOT_IN_PLANS.has(type))) return false;
  return checkovTypes.has(type) && !SILENT.has(type);
};

function policyStrings(value: Configuration): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries<Configuration>(value).flatMap(([name, inner]) =>
    typeof inner === "string" && /policy$/.test(name) && inner.includes("Statement") ? [inner] : policyStrings(inner),
  );
}

/** What nobody should apply: an open bucket, a role that may do everything (as a document, and as a string), an open port. */
const BAD = {
  provider: { aws: [{ region: "us-east-1" }] },
  data: {
    aws_iam_policy_document: {
      everything: { statement: [{ actions: ["s3:*"], resources: ["*"] }] },
      trust: {
        statement: [
          { actions: ["sts:AssumeRole"], principals: [{ type: "Service", identifiers: ["lambda.amazonaws.com"] }] },
        ],
      },
    },
  },
  resource: {
    aws_iam_role: { role: { assume_role_policy: "${data.aws_iam_policy_document.trust.json}" } },
    aws_iam_role_policy: {
      document: { role: "${aws_iam_role.role.name}", policy: "${data.aws_iam_policy_document.everything.json}" },
      string: {
        role: "${aws_iam_role.role.name}",
        policy:
          '${jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })}',
      },
    },
    aws_s3_bucket: { bare: { bucket: "redstream-bare" } },
    // tfsec reads rules of their own, and says so of their group; an ingress that is an attribute of the group it passes over.
    aws_security_group_rule: {
      open: {
        type: "ingress",
        from_port: 22,
        to_port: 22,
        protocol: "tcp",
        cidr_blocks: ["0.0.0.0/0"],
        security_group_id: "${aws_security_group.open.id}",
      },
    },
    aws_security_group: {
      open: {
        description: "open",
        ingress: [
          {
            description: "SSH",
            from_port: 22,
            to_port: 22,
            protocol: "tcp",
            cidr_blocks: ["0.0.0.0/0"],
            ipv6_cidr_blocks: [],
            prefix_list_ids: [],
            security_groups: [],
            self: false,
          },
        ],
      },
    },
  },
};

/** The bad stack's JSON in a folder of its own. */
function badStack(more: object = {}): string {
  const file = path.join(temporary("bad"), "cdk.tf.json");
  writeFileSync(file, JSON.stringify({ ...BAD, ...more }, null, 2));
  return file;
}

describe("a deliberately bad stack", () => {
  const failed = (scan: Scan) =>
    findingsOf(scan, scannedOf(BAD), "bad").map(({ check, type, path: at }) => `${check} ${type}.${at}`);

  it("does not pass checkov on the JSON", async () => {
    const file = badStack();
    const found = failed((await checkov.scan("terraform_json", [file])).get(file)!);
    expect(found).toEqual(
      expect.arrayContaining([
        "CKV_AWS_24 aws_security_group.open",
        "CKV_AWS_356 data.aws_iam_policy_document.everything",
        "CKV_AWS_18 aws_s3_bucket.bare",
      ]),
    );
    // Nor does checkov see there what is a string: the plan does.
    expect(found.filter((line) => line.endsWith("aws_iam_role_policy.string"))).toEqual([]);
  });

  it("does not pass checkov on the plan, which shows the policy that is a string", async () => {
    const run = terraformIn(path.dirname(badStack()), local[0]!);
    await run("init", "-input=false");
    await run("plan", "-input=false", "-out=bad.tfplan");
    const file = written(await run("show", "-json", "bad.tfplan"));
    expect(failed((await checkov.scan("terraform_plan", [file])).get(file)!)).toEqual(
      expect.arrayContaining(["CKV_AWS_24 aws_security_group.open", "CKV_AWS_355 aws_iam_role_policy.string"]),
    );
  });

  it("does not pass tfsec", async () => {
    expect(failed(await tfsec.scan(toHcl(BAD, schemas)))).toEqual(
      expect.arrayContaining([
        "aws-ec2-no-public-ingress-sgr aws_security_group.open",
        "aws-iam-no-policy-wildcards data.aws_iam_policy_document.everything",
        "aws-s3-enable-bucket-encryption aws_s3_bucket.bare",
      ]),
    );
  });

  it("that names a Terraform version, on which checkov's parser fails with exit code 0, is an error", async () => {
    const file = badStack({ terraform: { required_version: ">= 1.5" } });
    await expect(checkov.scan("terraform_json", [file])).rejects.toThrow(`checkov could not parse 1 of ${file}`);
  });

  it("that is given to the wrong framework, which finds nothing with exit code 0, is an error", async () => {
    const file = badStack();
    await expect(checkov.scan("terraform_plan", [file])).rejects.toThrow(
      `checkov found nothing of framework terraform_plan in ${file}`,
    );
  });
});

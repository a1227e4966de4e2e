import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { startLocalAws } from "../../local/aws";
import type { Gateway } from "../../local/gateway";
import { runCommand } from "../../local/setup/command";
import { terraformEnvironment } from "../../local/setup/environment";
import { setUp } from "../../local/setup/set-up";
import { Terraform } from "../../local/terraform/terraform";
import { temporary } from "../support/programs";
import { Modules, planOf } from "./support/modules";
import { Checkov } from "./support/scan/checkov";
import { exceptionsOfModules } from "./support/scan/exceptions";
import { findingsOf, type Scan, type Scanned, scannedOf, stale, unexcused, unseen } from "./support/scan/findings";
import { schemasOf, toHcl } from "./support/scan/hcl";
import { Tfsec } from "./support/scan/tfsec";
import { type Configuration, configurationOf, stacksOf, synthesizeWith } from "./support/synthesized";

// Minutes on two idle cores, most of it checkov.
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
  "one account": { events: { accounts: "same" } },
  "one account, delivery loader": { events: { accounts: "same", delivery: "loader" } },
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

/** The name that the deliberately bad stack has among the others. */
const BAD_STACK = "bad";

const folder = temporary("scanners");
let checkov: Checkov;
let tfsec: Tfsec;
let checkovTypes: ReadonlySet<string>;
const targets = new Map<string, Target>();
/** What checkov and tfsec say of the bad stack, by scanner. */
const bad = new Map<string, Scan>();
let gateway: Gateway | undefined;

beforeAll(async () => {
  const at = (name: string) => {
    mkdirSync(path.join(folder, name), { recursive: true });
    return path.join(folder, name);
  };
  [checkov, tfsec] = await Promise.all([Checkov.install(at("checkov")), Tfsec.install(at("tfsec"))]);
  const ready = await setUp(() => undefined);
  const { plugins, executable, environment: setup } = ready.terraform;

  const files = new Map([[BAD_STACK, badStack()]]);
  const modules = new Modules(at("terraform"));
  modules.addConfiguration(BAD_STACK, withoutProvider(BAD));
  /** Names by the modules they are planned as. */
  const planned = new Map([[BAD_STACK, BAD_STACK]]);
  const taken = new Set<string>();
  for (const [variant, settings] of Object.entries(VARIANTS)) {
    const from = await synthesizeWith(settings);
    dropJars(from);
    for (const stack of stacksOf(from)) {
      const name = `${stack}, ${variant}`;
      const configuration = configurationOf(from, stack);
      // Settings that say nothing to this stack: it has been taken as it is.
      const text = JSON.stringify(configuration);
      if (taken.has(text)) continue;
      taken.add(text);
      targets.set(name, { variant, configuration, scanned: scannedOf(configuration), scans: [] });
      files.set(name, path.join(from, "stacks", stack, "cdk.tf.json"));
      if (!PLANNED.includes(variant)) continue;
      const module = `m${planned.size}`;
      modules.addStack(module, { stack, from, plugins });
      planned.set(module, name);
    }
  }
  modules.write();

  gateway = await startLocalAws({ folder: at("aws"), region: "us-east-1", python: ready.python, speed: 1 });
  const env = terraformEnvironment({ folder: at("run"), endpoint: gateway.endpoint, region: "us-east-1", setup });
  const terraform = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand(executable, args, { env, cwd: modules.folder });
    if (code !== 0) throw new Error(`terraform ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const log = path.join(folder, "terraform.log");
  await new Terraform({ folder: modules.folder, executable, env, log, progress: () => undefined }).init();
  const schemas = schemasOf(JSON.parse(await terraform("providers", "schema", "-json")));

  // What scans the configurations beside what makes the plans: both are one process most of the time.
  await Promise.all([
    (async () => {
      const hcl = [...targets].map(([name, { configuration }]) => [name, toHcl(configuration, schemas)] as const);
      keep(await tfsec.scan(new Map([...hcl, [BAD_STACK, toHcl(BAD, schemas)]])));
      checkovTypes = await checkov.types();
      await take("terraform_json", files);
    })(),
    (async () => {
      await terraform("plan", "-input=false", "-out=all.tfplan");
      const plan = JSON.parse(await terraform("show", "-json", "all.tfplan"));
      const plans = [...planned].map(([module, name]) => [name, written(planOf(plan, module))] as const);
      await take("terraform_plan", new Map(plans));
    })(),
  ]);
});

afterAll(async () => {
  // What else still runs, where the hook above failed or ran out of time, goes with the file's folder (__tests__/support/environment.ts).
  await gateway?.stop();
});

/** A JAR says nothing to a scanner, and a placeholder will do for the plan. */
function dropJars(synthesized: string): void {
  for (const file of readdirSync(synthesized, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".jar")) rmSync(path.join(synthesized, file));
  }
}

async function take(framework: "terraform_json" | "terraform_plan", files: ReadonlyMap<string, string>) {
  const scans = await checkov.scan(framework, [...files.values()]);
  keep(new Map([...files].map(([name, file]) => [name, scans.get(file)!])));
}

function keep(scans: ReadonlyMap<string, Scan>): void {
  for (const [name, scan] of scans) {
    if (name === BAD_STACK) bad.set(scan.scanner, scan);
    else targets.get(name)!.scans.push(scan);
  }
}

function written(plan: Configuration): string {
  const file = path.join(mkdtempSync(path.join(folder, "plan-")), "plan.json");
  writeFileSync(file, JSON.stringify(plan));
  return file;
}

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
  const file = path.join(mkdtempSync(path.join(folder, "bad-")), "cdk.tf.json");
  writeFileSync(file, JSON.stringify({ ...BAD, ...more }, null, 2));
  return file;
}

function withoutProvider({ provider: _, ...rest }: Configuration): Configuration {
  return rest;
}

describe("a deliberately bad stack", () => {
  const failed = (scanner: string) =>
    findingsOf(bad.get(scanner)!, scannedOf(BAD), BAD_STACK).map(
      ({ check, type, path: at }) => `${check} ${type}.${at}`,
    );

  it("does not pass checkov on the JSON", () => {
    const found = failed("checkov terraform_json");
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

  it("does not pass checkov on the plan, which shows the policy that is a string", () => {
    expect(failed("checkov terraform_plan")).toEqual(
      expect.arrayContaining(["CKV_AWS_24 aws_security_group.open", "CKV_AWS_355 aws_iam_role_policy.string"]),
    );
  });

  it("does not pass tfsec", () => {
    expect(failed("tfsec")).toEqual(
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

import * as os from "node:os";
import { checkTypes } from "../../local/inert";
import { STACK_NAMES, synthesizedStack } from "../support/stacks";

describe.each(STACK_NAMES)("%s", (name) => {
  it("holds no type that the local AWS does not know", () => {
    expect(() => checkTypes(synthesizedStack(name))).not.toThrow();
  });

  it("holds nothing of the machine that synthesized it", () => {
    const text = JSON.stringify(synthesizedStack(name));
    for (const place of [process.cwd(), os.homedir(), os.tmpdir()]) expect(text).not.toContain(`${place}/`);
    expect(text).not.toContain(os.hostname());
    expect(text).not.toMatch(/"(\/(home|root|Users|tmp|opt|work)\/|[A-Z]:\\\\)/);
  });

  it("pins its providers exactly", () => {
    const { required_providers } = synthesizedStack(name).terraform;
    expect(required_providers).toEqual({
      archive: { source: "hashicorp/archive", version: "2.7.1" },
      aws: { source: "aws", version: "5.100.0" },
      random: { source: "hashicorp/random", version: "3.7.2" },
    });
  });

  it("puts to the delivery stream itself with engine sql, as the original did", () => {
    const { resource, output } = synthesizedStack(name, { telemetry: { engine: "sql" } });
    expect(resource).not.toHaveProperty("aws_kinesis_stream");
    expect(resource).not.toHaveProperty("aws_kinesisanalyticsv2_application");
    expect(Object.values(resource.aws_kinesis_analytics_application)).toMatchObject([{ start_application: false }]);
    const streams: object[] = Object.values(resource.aws_kinesis_firehose_delivery_stream);
    for (const stream of streams) expect(stream).not.toHaveProperty("kinesis_source_configuration");
    const uris = Object.values<{ uri: string }>(resource.aws_api_gateway_integration).map(({ uri }) => uri);
    expect(uris.join(" ")).not.toContain(":kinesis:");
    expect(output).not.toHaveProperty("stream_name");
    expect(output).not.toHaveProperty("analytics_application");
  });

  it("runs nothing on the machine that applies it", () => {
    const { resource, data } = synthesizedStack(name);
    expect(Object.keys({ ...resource, ...data })).not.toEqual(expect.arrayContaining(["null_resource", "external"]));
    expect(JSON.stringify(resource)).not.toContain("provisioner");
  });

  it("keeps its state outside of what synth deletes", () => {
    expect(synthesizedStack(name).terraform.backend).toEqual({
      local: { path: `../../../.terraform-state/${name}/terraform.tfstate` },
    });
  });

  it("has a workspace of its own in HCP Terraform", () => {
    const settings = { backend: { kind: "hcp", organization: "acme", workspacePrefix: "team-" } };
    expect(synthesizedStack(name, settings).terraform.cloud).toEqual({
      organization: "acme",
      workspaces: { name: `team-${name}` },
    });
  });

  it("tags everything with project, stack and profile", () => {
    expect(synthesizedStack(name).provider.aws).toEqual([
      { region: "us-east-1", default_tags: [{ tags: { project: "redstream", stack: name, profile: "dev" } }] },
    ]);
  });

  it("keeps data that would be lost, with profile prod", () => {
    const settings = {
      profile: "prod",
      warehouse: { acknowledgePublicAddress: true },
      backend: { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" },
    };
    const { resource } = synthesizedStack(name, settings);
    for (const bucket of Object.values(resource.aws_s3_bucket)) expect(bucket).toMatchObject({ force_destroy: false });
    for (const cluster of Object.values(resource.aws_redshift_cluster ?? {})) {
      expect(cluster).toMatchObject({ skip_final_snapshot: false });
    }
  });

  it.each([
    [{ telemetry: { bufferingSizeMb: 200 } }],
    [{ telemetry: { engine: "spark" } }],
    [{ telemetry: { auth: "none" } }],
    [{ telemetry: { auth: "none", allowedCidrs: ["0.0.0.0/0"] } }],
  ])("refuses %j in one line that begins with the construct's path", (settings) => {
    expect(() => synthesizedStack(name, settings)).toThrow(new RegExp(`^${name}/[^\n]+$`));
  });
});

describe("telemetry-warehouse", () => {
  it.each([
    ["a Region that it has no Firehose addresses of", { region: "us-east-9" }, /region.*got "us-east-9"/],
    ["a table name that is no plain identifier", { warehouse: { table: 'laps"; DROP' } }, /table.*got "laps\\"; DROP"/],
  ])("refuses %s", (_, settings, message) => {
    expect(() => synthesizedStack("telemetry-warehouse", settings)).toThrow(message);
  });

  const S3 = { kind: "s3", bucket: "state", region: "us-east-1", lockTable: "locks" };

  it.each<[string, object, string]>([
    [
      "a public address with profile prod that nobody acknowledged",
      { profile: "prod", backend: S3 },
      'profile prod refuses warehouse.delivery "firehose": Firehose reaches a warehouse only at a public address, which one ingress rule (the Region\'s Firehose addresses), TLS and passwords then protect; set warehouse.acknowledgePublicAddress to true to accept that',
    ],
    [
      "a node type for a warehouse without nodes",
      { warehouse: { kind: "serverless", nodeType: "ra3.large" } },
      'warehouse.nodeType is for warehouse.kind "provisioned", got kind "serverless" and nodeType "ra3.large"',
    ],
    [
      "processing units for a cluster",
      { warehouse: { baseRpus: 8 } },
      'warehouse.baseRpus is for warehouse.kind "serverless", got kind "provisioned" and baseRpus 8',
    ],
    ...["provisioned", "serverless"].map((kind): [string, object, string] => [
      `Firehose to a ${kind} warehouse with enhanced VPC routing`,
      { warehouse: { kind, enhancedVpcRouting: true } },
      'warehouse: enhancedVpcRouting true and delivery "firehose" exclude each other: Firehose cannot deliver to a warehouse with enhanced VPC routing',
    ]),
  ])("refuses %s", (_, settings, message) => {
    const failure = () => synthesizedStack("telemetry-warehouse", settings);
    expect(failure).toThrow(/^telemetry-warehouse(: |\/)/);
    expect(failure).toThrow(message);
  });

  it.each(["provisioned", "serverless"])(
    "keeps a year who spoke to whom in the VPC of a %s warehouse, with profile prod",
    (kind) => {
      const acknowledged = { kind, acknowledgePublicAddress: true };
      const dev = synthesizedStack("telemetry-warehouse", { warehouse: acknowledged });
      expect(dev.resource).not.toHaveProperty("aws_flow_log");
      const { resource } = synthesizedStack("telemetry-warehouse", {
        profile: "prod",
        backend: S3,
        warehouse: acknowledged,
      });
      expect(Object.values(resource.aws_flow_log)).toMatchObject([{ traffic_type: "ALL" }]);
      const logs = Object.values<{ name: string }>(resource.aws_cloudwatch_log_group);
      expect(logs.filter(({ name }) => name.startsWith("/aws/vpc/"))).toMatchObject([{ retention_in_days: 365 }]);
    },
  );

  it("says where its warehouse is, whichever kind it is", () => {
    const outputs = (kind: string) =>
      Object.keys(synthesizedStack("telemetry-warehouse", { warehouse: { kind } }).output).filter((name) =>
        name.startsWith("warehouse_"),
      );
    const common = ["warehouse_admin_secret_arn", "warehouse_database", "warehouse_table"];
    expect(outputs("provisioned").sort()).toEqual([...common, "warehouse_cluster"].sort());
    expect(outputs("serverless").sort()).toEqual([...common, "warehouse_workgroup"].sort());
  });
});

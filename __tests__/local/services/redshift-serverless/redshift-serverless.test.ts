import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqlServer } from "../../../../local/gateway/types";
import { createRedshiftServerless } from "../../../../local/services/redshift-serverless";
import { Warehouses } from "../../../../local/warehouse";
import { FakeAws, ROLE, ROOT, refusal, request, secretArn } from "../redshift/fake-aws";

/** The control plane, by https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/Welcome.html; each action has its page there. */
let folder: string;
let fake: FakeAws;
let warehouses: Warehouses;
let serverless: SqlServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "serverless-"));
  fake = await new FakeAws().start(folder);
  warehouses = new Warehouses(folder, () => ({ list: async () => [], get: async () => undefined }));
  serverless = createRedshiftServerless(fake.aws, warehouses);
});
afterEach(async () => {
  await warehouses.close();
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name only
type Answer = Record<string, any>;

async function call(action: string, input: object = {}, caller = ROOT): Promise<Answer> {
  const headers = { "x-amz-target": `RedshiftServerless.${action}` };
  return JSON.parse(String((await serverless.handle(request(JSON.stringify(input), headers, caller))).body));
}

const NAMESPACE = { namespaceName: "laps", dbName: "telemetry", adminUsername: "admin", manageAdminPassword: true };
const WORKGROUP = {
  workgroupName: "laps",
  namespaceName: "laps",
  baseCapacity: 8,
  publiclyAccessible: true,
  subnetIds: ["subnet-vpc1-a", "subnet-vpc1-b", "subnet-vpc1-c"],
  securityGroupIds: ["sg-1"],
};

async function both(namespace: object = {}, workgroup: object = {}) {
  return {
    namespace: (await call("CreateNamespace", { ...NAMESPACE, ...namespace })).namespace,
    workgroup: (await call("CreateWorkgroup", { ...WORKGROUP, ...workgroup })).workgroup,
  };
}

function admin(): { user: string; password: string } {
  const { username: user, password } = JSON.parse(fake.secrets.get("redshift!laps-admin")!);
  return { user, password };
}

const at = (host: string) => ({ host, port: 5439, database: "telemetry", ...admin() });

describe("a namespace", () => {
  it("keeps its admin's password in Secrets Manager, and takes the secret with it when it goes", async () => {
    const { namespace } = await call("CreateNamespace", { ...NAMESPACE, adminPasswordSecretKmsKeyId: "key" });
    expect(namespace).toMatchObject({
      namespaceName: "laps",
      dbName: "telemetry",
      adminPasswordSecretArn: secretArn("redshift!laps-admin"),
      adminPasswordSecretKmsKeyId: "key",
      kmsKeyId: "AWS_OWNED_KMS_KEY",
    });
    expect(JSON.stringify(namespace)).not.toContain(admin().password);
    await call("DeleteNamespace", { namespaceName: "laps" });
    expect(fake.secrets.size).toBe(0);
    await expect(call("GetNamespace", { namespaceName: "laps" })).rejects.toThrow("Namespace laps doesn't exist.");
  });

  it("holds the data: a workgroup may go and another come", async () => {
    const { workgroup } = await both();
    const first = (await serverless.connect(at(workgroup.endpoint.address)))!;
    await first.run("CREATE TABLE kept (n INTEGER)");
    await first.run("INSERT INTO kept VALUES (7)");
    await first.close();
    await call("DeleteWorkgroup", { workgroupName: "laps" });
    expect(await serverless.connect(at(workgroup.endpoint.address))).toBeUndefined();
    const again = (await call("CreateWorkgroup", { ...WORKGROUP, workgroupName: "other" })).workgroup;
    const second = (await serverless.connect(at(again.endpoint.address)))!;
    expect((await second.run("SELECT n FROM kept")).rows).toEqual([[7]]);
    await second.close();
  });

  it("is not deleted under its workgroup, and its files go with it", async () => {
    await both();
    await expect(call("DeleteNamespace", { namespaceName: "laps" })).rejects.toThrow(
      "Namespace laps cannot be deleted: a workgroup is associated with it.",
    );
    const { folder: files } = warehouses.workgroups.get("laps")!.warehouse.settings;
    await call("DeleteWorkgroup", { workgroupName: "laps" });
    await call("DeleteNamespace", { namespaceName: "laps" });
    expect(existsSync(files)).toBe(false);
  });

  it("gives COPY its roles, as they are changed", async () => {
    await both({ iamRoles: ["arn:a"], defaultIamRoleArn: "arn:a" });
    const { roles } = warehouses.workgroups.get("laps")!.warehouse;
    expect([...roles]).toEqual(["arn:a"]);
    await call("UpdateNamespace", { namespaceName: "laps", iamRoles: ["arn:b"] });
    expect([...roles]).toEqual(["arn:b"]);
  });

  it("goes over to a given password when it is told so", async () => {
    const { workgroup } = await both();
    const before = at(workgroup.endpoint.address);
    await call("UpdateNamespace", {
      namespaceName: "laps",
      manageAdminPassword: false,
      adminUserPassword: "Another12345",
    });
    expect(fake.secrets.size).toBe(0);
    await expect(serverless.connect(before)).rejects.toThrow("FATAL: password authentication failed");
    const session = await serverless.connect({ ...before, password: "Another12345" });
    await session!.close();
  });

  it.each([
    [{ namespaceName: "La" }, "namespaceName must be 3 to 64 of a-z, 0-9 and -, got La."],
    [{ adminUserPassword: "x" }, "Give either adminUserPassword or manageAdminPassword, and not both."],
    [{ logExports: ["audit"] }, "logExports must be of useractivitylog, userlog, connectionlog, got audit."],
    [{ defaultIamRoleArn: "arn:x" }, "defaultIamRoleArn arn:x is not associated with the namespace."],
  ])("refuses %j", async (over, message) => {
    expect(await refusal(call("CreateNamespace", { ...NAMESPACE, ...over }))).toBe(`ValidationException ${message}`);
    await expect(call("ListNamespaces")).resolves.toEqual({ namespaces: [] });
  });
});

describe("a workgroup", () => {
  it("is found by the Data API under its name, with its ARN", async () => {
    const { workgroup } = await both();
    expect(workgroup).toMatchObject({
      workgroupArn: expect.stringMatching(
        /^arn:aws:redshift-serverless:us-east-1:000000000000:workgroup\/[0-9a-f-]{36}$/,
      ),
      endpoint: { address: "laps.000000000000.us-east-1.redshift-serverless.amazonaws.com", port: 5439 },
    });
    expect(warehouses.workgroups.get("laps")!.arn).toBe(workgroup.workgroupArn);
  });

  it("keeps the parameters that a call leaves out", async () => {
    const { workgroup } = await both(
      {},
      { configParameters: [{ parameterKey: "require_ssl", parameterValue: "true" }] },
    );
    expect(workgroup.configParameters).toHaveLength(9);
    expect(workgroup.configParameters).toContainEqual({ parameterKey: "require_ssl", parameterValue: "true" });
    expect(workgroup.configParameters).toContainEqual({ parameterKey: "search_path", parameterValue: "$user, public" });
  });

  it("lets an outsider in only by a public address and an open port", async () => {
    const { workgroup } = await both();
    const there = at(workgroup.endpoint.address);
    await (await serverless.connect(there))!.close();
    await expect(serverless.connect({ ...there, port: 5440 })).rejects.toThrow("the workgroup listens on port 5439.");
    fake.ingress = { ...fake.ingress, from: 443, to: 443 };
    await expect(serverless.connect(there)).rejects.toThrow(
      "no ingress rule of its security groups (sg-1) admits TCP port 5439.",
    );
    await call("UpdateWorkgroup", { workgroupName: "laps", publiclyAccessible: false });
    await expect(serverless.connect(there)).rejects.toThrow("the workgroup is not publicly accessible.");
  });

  it.each([
    [{ subnetIds: ["subnet-vpc1-a", "subnet-vpc1-b"] }, "subnetIds must name at least 3 subnets"],
    [{ baseCapacity: 12 }, "baseCapacity must be 4, or 8 to 512 in steps of 8, or to 1024 in steps of 32, got 12."],
    [{ baseCapacity: 64, maxCapacity: 32 }, "maxCapacity 32 is less than baseCapacity 64."],
    [{ port: 80 }, "port must be between 5431 and 5455 or between 8191 and 8215, got 80."],
    [{ configParameters: [{ parameterKey: "fast", parameterValue: "true" }] }, "got fast."],
  ])("refuses %j", async (over, message) => {
    await call("CreateNamespace", NAMESPACE);
    const refused = await refusal(call("CreateWorkgroup", { ...WORKGROUP, ...over }));
    expect(refused).toMatch(/^ValidationException /);
    expect(refused).toContain(message);
    expect(warehouses.workgroups.size).toBe(0);
  });
});

describe("a usage limit", () => {
  it("is kept, changed and deleted", async () => {
    const { workgroup } = await both();
    const resourceArn = workgroup.workgroupArn;
    const { usageLimit } = await call("CreateUsageLimit", {
      resourceArn,
      usageType: "serverless-compute",
      amount: 64,
      period: "daily",
      breachAction: "deactivate",
    });
    const { usageLimitId } = usageLimit;
    await call("UpdateUsageLimit", { usageLimitId, amount: 32 });
    expect((await call("GetUsageLimit", { usageLimitId })).usageLimit).toMatchObject({
      resourceArn,
      amount: 32,
      breachAction: "deactivate",
    });
    await call("DeleteUsageLimit", { usageLimitId });
    expect(await call("ListUsageLimits", { resourceArn })).toEqual({ usageLimits: [] });
  });

  it("is for a workgroup that is there", async () => {
    expect(
      await refusal(call("CreateUsageLimit", { resourceArn: "arn:x", usageType: "serverless-compute", amount: 1 })),
    ).toBe("ResourceNotFoundException The resource with ARN arn:x doesn't exist.");
  });
});

describe("a caller", () => {
  it("needs the action on the resource's own ARN", async () => {
    const { workgroup } = await both();
    await expect(call("GetWorkgroup", { workgroupName: "laps" }, ROLE)).rejects.toThrow(
      `is not authorized to perform: redshift-serverless:GetWorkgroup on resource: ${workgroup.workgroupArn}`,
    );
    fake.allowed.add(`redshift-serverless:GetWorkgroup ${workgroup.workgroupArn}`);
    await expect(call("GetWorkgroup", { workgroupName: "laps" }, ROLE)).resolves.toMatchObject({
      workgroup: { status: "AVAILABLE" },
    });
  });

  it("reads the tags it set", async () => {
    const { workgroup } = await both({}, { tags: [{ key: "a", value: "1" }] });
    const resourceArn = workgroup.workgroupArn;
    await call("TagResource", { resourceArn, tags: [{ key: "b", value: "2" }] });
    await call("UntagResource", { resourceArn, tagKeys: ["a"] });
    expect(await call("ListTagsForResource", { resourceArn })).toEqual({ tags: [{ key: "b", value: "2" }] });
  });

  it("is told by name what is not carried", async () => {
    expect(await refusal(call("RestoreFromSnapshot"))).toBe(
      "UnknownOperationException The operation RestoreFromSnapshot is not carried by the local Redshift Serverless",
    );
  });
});

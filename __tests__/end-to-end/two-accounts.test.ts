import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Clock } from "../../local/clock";
import { type Gateway, startGateway } from "../../local/gateway";
import type { AwsRequest, LocalAws, Service } from "../../local/gateway/types";
import { jsonCall } from "../../local/json-call";
import { Meter } from "../../local/meter";
import { ensurePython } from "../../local/setup/python";

const HOME = "000000000000";
const OTHER = "111111111111";
const REGION = "us-east-1";

/** In the other account, as the delivery of events; in the run's own, as the warehouse. */
const DELIVERY = `arn:aws:iam::${OTHER}:role/delivery`;
const STRANGER = `arn:aws:iam::${OTHER}:role/stranger`;
const COPY = `arn:aws:iam::${HOME}:role/copy`;
const FIREHOSE = "firehose.amazonaws.com";

let folder: string;
let gateway: Gateway;
let secretArn: string;
let secretKey: string;
let bucketKey: string;
let seen: { readonly account: string; readonly request: AwsRequest }[];

/** Stands for a service of ours. */
function firehose({ accountId }: LocalAws): Service {
  return {
    names: ["firehose"],
    async handle(request) {
      seen.push({ account: accountId, request });
      return { status: 200, body: "{}" };
    },
  };
}

const trustOf = (service: string) =>
  JSON.stringify({ Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }] });
const policy = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

async function createRole(account: string, name: string, ...rights: object[]): Promise<void> {
  const iam = new IAMClient(gateway.inAccount(account).internal);
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trustOf(FIREHOSE) }));
  await give(account, name, ...rights);
}

async function give(account: string, name: string, ...rights: object[]): Promise<void> {
  const iam = new IAMClient(gateway.inAccount(account).internal);
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "rights", PolicyDocument: policy(...rights) }));
}

const kms = (account: string, action: string, body: object) =>
  jsonCall<{ KeyMetadata: { Arn: string } }>(
    gateway.inAccount(account).internal,
    "kms",
    `TrentService.${action}`,
    body,
  );

async function createKey(account: string, ...statements: object[]): Promise<string> {
  const said = await kms(account, "CreateKey", { Policy: keyPolicy(account, ...statements) });
  return said.KeyMetadata.Arn;
}

const keyPolicy = (account: string, ...statements: object[]) =>
  policy(
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" },
    ...statements,
  );

/** A statement of a resource's policy for one role of another account, as the modules write it. */
const admits = (role: string, actions: string[], resource: string | string[], condition: object = {}) => ({
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${role.split(":")[4]}:root` },
  Action: actions,
  Resource: resource,
  Condition: { ArnEquals: { "aws:PrincipalArn": role }, ...condition },
});
const via = (service: string) => ({ StringEquals: { "kms:ViaService": `${service}.${REGION}.amazonaws.com` } });

const readSecret = (role: string) =>
  new SecretsManagerClient(gateway.aws.as(role, FIREHOSE)).send(new GetSecretValueCommand({ SecretId: secretArn }));
const readObject = (role: string) =>
  new S3Client(gateway.aws.as(role, FIREHOSE)).send(new GetObjectCommand({ Bucket: "files", Key: "events/a" }));

const SECRET_RIGHTS = () => [
  { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArn },
  { Effect: "Allow", Action: "kms:Decrypt", Resource: secretKey },
];
const FILE_RIGHTS = [
  { Effect: "Allow", Action: ["s3:GetBucketLocation", "s3:ListBucket"], Resource: "arn:aws:s3:::files" },
  { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::files/*" },
  {
    Effect: "Allow",
    Action: "kms:Decrypt",
    Resource: `arn:aws:kms:${REGION}:${OTHER}:key/*`,
    Condition: { ...via("s3"), StringLike: { "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::files" } },
  },
];
const FILES = ["arn:aws:s3:::files", "arn:aws:s3:::files/*"];

const putBucketPolicy = (...statements: object[]) =>
  new S3Client(gateway.inAccount(OTHER).internal).send(
    new PutBucketPolicyCommand({ Bucket: "files", Policy: policy(...statements) }),
  );
const putSecretPolicy = (...statements: object[]) =>
  new SecretsManagerClient(gateway.aws.internal).send(
    new PutResourcePolicyCommand({ SecretId: secretArn, ResourcePolicy: policy(...statements) }),
  );
const BUCKET_ADMITS = admits(COPY, ["s3:ListBucket", "s3:GetObject"], FILES);
const SECRET_ADMITS = () => admits(DELIVERY, ["secretsmanager:GetSecretValue"], secretArn);

beforeAll(async () => {
  const python = await ensurePython(() => undefined);
  folder = mkdtempSync(join(tmpdir(), "accounts-"));
  seen = [];
  gateway = await startGateway({
    region: REGION,
    accountId: HOME,
    clock: new Clock(10),
    meter: new Meter(),
    python,
    folder,
    services: (aws) => [firehose(aws)],
  });
  secretKey = await createKey(HOME, admits(DELIVERY, ["kms:Decrypt"], "*", via("secretsmanager")));
  bucketKey = await createKey(OTHER, admits(COPY, ["kms:Decrypt"], "*", via("s3")));
  const made = await new SecretsManagerClient(gateway.aws.internal).send(
    new CreateSecretCommand({ Name: "loader", SecretString: "{}", KmsKeyId: secretKey }),
  );
  secretArn = made.ARN!;
  await putSecretPolicy(SECRET_ADMITS());
  const s3 = new S3Client(gateway.inAccount(OTHER).internal);
  await s3.send(new CreateBucketCommand({ Bucket: "files" }));
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket: "files",
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: bucketKey } }],
      },
    }),
  );
  await putBucketPolicy(BUCKET_ADMITS);
  await s3.send(new PutObjectCommand({ Bucket: "files", Key: "events/a", Body: "a" }));
  await createRole(OTHER, "delivery", ...SECRET_RIGHTS());
  await createRole(OTHER, "stranger", ...SECRET_RIGHTS());
  await createRole(HOME, "copy", ...FILE_RIGHTS);
  await createRole(HOME, "neighbour", ...FILE_RIGHTS);
}, 600_000);

afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("two accounts on one local AWS", () => {
  it("knows whose keys a caller has", async () => {
    const said = await new STSClient(gateway.inAccount(OTHER).internal).send(new GetCallerIdentityCommand({}));
    expect([said.Account, said.Arn]).toEqual([OTHER, `arn:aws:iam::${OTHER}:root`]);
  });

  it("shows nobody what another account has", async () => {
    await new KinesisClient(gateway.inAccount(OTHER).internal).send(
      new CreateStreamCommand({ StreamName: "theirs", ShardCount: 1 }),
    );
    const mine = await new KinesisClient(gateway.aws.internal).send(new ListStreamsCommand({}));
    expect(mine.StreamNames).toEqual([]);
  });

  it("gives each account services of ours of its own", async () => {
    await jsonCall(gateway.inAccount(OTHER).internal, "firehose", "Firehose_20150804.ListDeliveryStreams", {});
    await jsonCall(gateway.aws.internal, "firehose", "Firehose_20150804.ListDeliveryStreams", {});
    expect(seen.map(({ account, request }) => [account, request.caller?.accountId])).toEqual([
      [OTHER, OTHER],
      [HOME, HOME],
    ]);
  });
});

describe("a secret of another account", () => {
  it("is read by the role that its policy, its key and the role's own rights name", async () => {
    await expect(readSecret(DELIVERY)).resolves.toMatchObject({ SecretString: "{}" });
  });

  it("is not read by a role with the same rights that the policy does not name", async () => {
    await expect(readSecret(STRANGER)).rejects.toMatchObject({ name: "AccessDeniedException" });
  });

  it("is not read without the secret's own policy", async () => {
    await putSecretPolicy(admits(STRANGER, ["secretsmanager:GetSecretValue"], secretArn));
    await expect(readSecret(DELIVERY)).rejects.toMatchObject({ name: "AccessDeniedException" });
    await putSecretPolicy(SECRET_ADMITS());
    await expect(readSecret(DELIVERY)).resolves.toBeDefined();
  });

  it("is not read without the statement in its key's policy", async () => {
    await kms(HOME, "PutKeyPolicy", { KeyId: secretKey, PolicyName: "default", Policy: keyPolicy(HOME) });
    await expect(readSecret(DELIVERY)).rejects.toMatchObject({ name: "AccessDeniedException" });
    await kms(HOME, "PutKeyPolicy", {
      KeyId: secretKey,
      PolicyName: "default",
      Policy: keyPolicy(HOME, admits(DELIVERY, ["kms:Decrypt"], "*", via("secretsmanager"))),
    });
    await expect(readSecret(DELIVERY)).resolves.toBeDefined();
  });

  it.each([0, 1])("is not read without right %d of the role's own", async (missing) => {
    await give(OTHER, "delivery", SECRET_RIGHTS()[1 - missing]!);
    await expect(readSecret(DELIVERY)).rejects.toMatchObject({ name: "AccessDeniedException" });
    await give(OTHER, "delivery", ...SECRET_RIGHTS());
  });
});

describe("a bucket of another account", () => {
  it("is read and listed by the role that its policy, its key and the role's own rights name", async () => {
    await expect(readObject(COPY)).resolves.toBeDefined();
    const s3 = new S3Client(gateway.aws.as(COPY, FIREHOSE));
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: "files", Prefix: "events/" }));
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(["events/a"]);
  });

  it("is not read by a role with the same rights that the policy does not name", async () => {
    await expect(readObject(`arn:aws:iam::${HOME}:role/neighbour`)).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("is not written by the role that may read", async () => {
    const s3 = new S3Client(gateway.aws.as(COPY, FIREHOSE));
    await expect(s3.send(new PutObjectCommand({ Bucket: "files", Key: "events/b", Body: "b" }))).rejects.toMatchObject({
      name: "AccessDenied",
    });
  });

  it("is not read without the bucket's own policy", async () => {
    await putBucketPolicy(admits(COPY, ["s3:ListBucket"], FILES));
    await expect(readObject(COPY)).rejects.toMatchObject({ name: "AccessDenied" });
    await putBucketPolicy(BUCKET_ADMITS);
    await expect(readObject(COPY)).resolves.toBeDefined();
  });

  it("is not read without the statement in its key's policy", async () => {
    await kms(OTHER, "PutKeyPolicy", { KeyId: bucketKey, PolicyName: "default", Policy: keyPolicy(OTHER) });
    await expect(readObject(COPY)).rejects.toMatchObject({ name: "AccessDenied" });
    await kms(OTHER, "PutKeyPolicy", {
      KeyId: bucketKey,
      PolicyName: "default",
      Policy: keyPolicy(OTHER, admits(COPY, ["kms:Decrypt"], "*", via("s3"))),
    });
    await expect(readObject(COPY)).resolves.toBeDefined();
  });

  it.each([1, 2])("is not read without right %d of the role's own", async (missing) => {
    await give(HOME, "copy", ...FILE_RIGHTS.filter((_, at) => at !== missing));
    await expect(readObject(COPY)).rejects.toMatchObject({ name: "AccessDenied" });
    await give(HOME, "copy", ...FILE_RIGHTS);
  });
});

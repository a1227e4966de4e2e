import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Sha256 } from "@aws-crypto/sha256-js";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient, ListStreamsCommand, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { buildSync } from "esbuild";
import { Clock } from "../../local/clock";
import { startMinistack } from "../../local/emulator";
import { type Gateway, startGateway } from "../../local/gateway";
import type { AwsRequest, LocalAws, Service } from "../../local/gateway/types";
import { Meter } from "../../local/meter";
import { ensurePython } from "../../local/setup/python";
import { zipOf } from "../../local/terraform/zip";

const ACCOUNT = "000000000000";
const REGION = "eu-central-1";
const FIREHOSE_ROLE = `arn:aws:iam::${ACCOUNT}:role/delivery`;

let folder: string;
let python: string;
let gateway: Gateway;
let seen: AwsRequest[];

/** Stands for a service of ours: asks for one permission and says who asked. */
function listOnly(aws: LocalAws): Service {
  return {
    names: ["firehose"],
    async handle(request) {
      seen.push(request);
      await aws.authorize(request.caller, "firehose:ListDeliveryStreams", "*");
      return {
        status: 200,
        body: JSON.stringify({ DeliveryStreamNames: [request.caller?.arn], HasMoreDeliveryStreams: false }),
      };
    },
  };
}

function start(into: string): Promise<Gateway> {
  const options = { region: REGION, accountId: ACCOUNT, clock: new Clock(10), meter: new Meter(), python };
  return startGateway({ ...options, folder: into, services: (aws) => [listOnly(aws)] });
}

beforeAll(async () => {
  python = await ensurePython(() => undefined);
  folder = mkdtempSync(join(tmpdir(), "gateway-"));
  seen = [];
  gateway = await start(folder);
  const iam = new IAMClient(gateway.aws.internal);
  await iam.send(
    new CreateRoleCommand({ RoleName: "delivery", AssumeRolePolicyDocument: trust("firehose.amazonaws.com") }),
  );
  await new KinesisClient(gateway.aws.internal).send(new CreateStreamCommand({ StreamName: "granted" }));
  await new KinesisClient(gateway.aws.internal).send(new CreateStreamCommand({ StreamName: "other" }));
  await new S3Client(gateway.aws.internal).send(new CreateBucketCommand({ Bucket: "records" }));
}, 600_000);

afterAll(async () => {
  await gateway?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const trust = (service: string, condition?: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole", Condition: condition }],
  });

/** Replaces the role's policy by one that allows this and no more. */
function allow(role: string, ...statements: { Action: string; Resource: string }[]): Promise<unknown> {
  const document = { Version: "2012-10-17", Statement: statements.map((one) => ({ Effect: "Allow", ...one })) };
  const policy = { RoleName: role, PolicyName: "p", PolicyDocument: JSON.stringify(document) };
  return new IAMClient(gateway.aws.internal).send(new PutRolePolicyCommand(policy));
}

const delivery = () => gateway.aws.as(FIREHOSE_ROLE, "firehose.amazonaws.com");
const put = (StreamName: string) =>
  new PutRecordCommand({ StreamName, PartitionKey: "k", Data: Buffer.from('{"speed":210}') });

describe("the operator", () => {
  it("is root of the account", async () => {
    const me = await new STSClient(gateway.aws.internal).send(new GetCallerIdentityCommand());
    expect(me.Arn).toBe(`arn:aws:iam::${ACCOUNT}:root`);
  });

  it.each([
    [
      "a service of ours",
      () => new FirehoseClient(wrongSecret()).send(new ListDeliveryStreamsCommand()),
      "InvalidSignatureException",
    ],
    [
      "a JSON service of the emulator",
      () => new KinesisClient(wrongSecret()).send(new ListStreamsCommand()),
      "InvalidSignatureException",
    ],
    [
      "a query service of the emulator",
      () => new EC2Client(wrongSecret()).send(new DescribeVpcsCommand()),
      "AuthFailure",
    ],
    [
      "S3",
      () => new S3Client(wrongSecret()).send(new GetObjectCommand({ Bucket: "records", Key: "x" })),
      "SignatureDoesNotMatch",
    ],
  ])("is refused by %s with a wrong secret", async (_, call, code) => {
    await expect(call()).rejects.toMatchObject({ name: code });
  });

  const wrongSecret = () => ({
    ...gateway.aws.internal,
    credentials: { accessKeyId: "test", secretAccessKey: "wrong" },
  });
});

describe("a role that a service assumes", () => {
  it("may do on a stream what its policy grants, and on no other", async () => {
    await allow("delivery", {
      Action: "kinesis:PutRecord",
      Resource: `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/granted`,
    });
    const kinesis = new KinesisClient(delivery());
    await expect(kinesis.send(put("granted"))).resolves.toMatchObject({ ShardId: "shardId-000000000000" });
    await expect(kinesis.send(put("other"))).rejects.toThrow(
      `User: arn:aws:sts::${ACCOUNT}:assumed-role/delivery/firehose is not authorized to perform: kinesis:PutRecord`,
    );
  });

  it("may write under the prefix it was granted, over a transport that counts as secure", async () => {
    const deny = {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: ["arn:aws:s3:::records", "arn:aws:s3:::records/*"],
    };
    const policy = {
      Version: "2012-10-17",
      Statement: [{ ...deny, Condition: { Bool: { "aws:SecureTransport": "false" } } }],
    };
    await new S3Client(gateway.aws.internal).send(
      new PutBucketPolicyCommand({ Bucket: "records", Policy: JSON.stringify(policy) }),
    );
    await allow("delivery", { Action: "s3:PutObject", Resource: "arn:aws:s3:::records/raw/*" });
    const s3 = new S3Client(delivery());
    await s3.send(new PutObjectCommand({ Bucket: "records", Key: "raw/1", Body: "one" }));
    await expect(
      s3.send(new PutObjectCommand({ Bucket: "records", Key: "other/1", Body: "one" })),
    ).rejects.toMatchObject({
      name: "AccessDenied",
    });
  });

  it("reads the secret it was granted, and no longer when the grant is taken away", async () => {
    const secrets = new SecretsManagerClient(gateway.aws.internal);
    const { ARN } = await secrets.send(new CreateSecretCommand({ Name: "user", SecretString: "s" }));
    await allow("delivery", { Action: "secretsmanager:GetSecretValue", Resource: ARN! });
    const asRole = new SecretsManagerClient(delivery());
    await expect(asRole.send(new GetSecretValueCommand({ SecretId: ARN }))).resolves.toMatchObject({
      SecretString: "s",
    });
    await new IAMClient(gateway.aws.internal).send(
      new DeleteRolePolicyCommand({ RoleName: "delivery", PolicyName: "p" }),
    );
    await expect(asRole.send(new GetSecretValueCommand({ SecretId: ARN }))).rejects.toMatchObject({
      name: "AccessDeniedException",
    });
  });

  it("is asked for its permissions by the services we answer, anew when IAM changes", async () => {
    await allow("delivery", { Action: "firehose:PutRecord", Resource: "*" });
    const list = () => new FirehoseClient(delivery()).send(new ListDeliveryStreamsCommand());
    await expect(list()).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: `User: arn:aws:sts::${ACCOUNT}:assumed-role/delivery/firehose is not authorized to perform: firehose:ListDeliveryStreams on resource: * because no identity-based policy allows the firehose:ListDeliveryStreams action`,
    });
    await allow("delivery", { Action: "firehose:ListDeliveryStreams", Resource: "*" });
    await expect(list()).resolves.toMatchObject({
      DeliveryStreamNames: [`arn:aws:sts::${ACCOUNT}:assumed-role/delivery/firehose`],
    });
  });

  it("is not given to a service that its trust policy does not admit", async () => {
    const other = new KinesisClient(gateway.aws.as(FIREHOSE_ROLE, "apigateway.amazonaws.com"));
    await expect(other.send(put("granted"))).rejects.toMatchObject({
      name: "AwsError",
      code: "AccessDenied",
      message: `apigateway.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${FIREHOSE_ROLE}, because the role's trust policy does not admit it`,
    });
  });

  it("is not given for a source that its trust policy does not name", async () => {
    const iam = new IAMClient(gateway.aws.internal);
    const condition = { ArnLike: { "aws:SourceArn": `arn:aws:firehose:*:${ACCOUNT}:deliverystream/raw-*` } };
    const admit = (PolicyDocument: string) =>
      iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "delivery", PolicyDocument }));
    await admit(trust("firehose.amazonaws.com", condition));
    await allow("delivery", { Action: "kinesis:PutRecord", Resource: "*" });
    const forSource = (name: string) =>
      new KinesisClient(
        gateway.aws.as(
          FIREHOSE_ROLE,
          "firehose.amazonaws.com",
          `arn:aws:firehose:${REGION}:${ACCOUNT}:deliverystream/${name}`,
        ),
      ).send(put("granted"));
    await expect(forSource("raw-1")).resolves.toBeDefined();
    await expect(forSource("other")).rejects.toMatchObject({ code: "AccessDenied" });
    await admit(trust("firehose.amazonaws.com"));
  });

  it("does not exist before it is applied", async () => {
    const role = `arn:aws:iam::${ACCOUNT}:role/absent`;
    await expect(
      new KinesisClient(gateway.aws.as(role, "firehose.amazonaws.com")).send(put("granted")),
    ).rejects.toThrow(
      `firehose.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${role}, which does not exist`,
    );
  });

  it("cannot be assumed by another role that its trust policy does not name", async () => {
    await allow("delivery", { Action: "sts:AssumeRole", Resource: "*" });
    const assume = new AssumeRoleCommand({ RoleArn: FIREHOSE_ROLE, RoleSessionName: "x" });
    await expect(new STSClient(delivery()).send(assume)).rejects.toMatchObject({ name: "AccessDenied" });
  });
});

describe("a Lambda function", () => {
  it("calls the one endpoint with its role, and may what the role may", async () => {
    const iam = new IAMClient(gateway.aws.internal);
    await iam.send(
      new CreateRoleCommand({ RoleName: "function", AssumeRolePolicyDocument: trust("lambda.amazonaws.com") }),
    );
    await allow("function", {
      Action: "kinesis:PutRecord",
      Resource: `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/granted`,
    });
    const lambda = new LambdaClient(gateway.aws.internal);
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "putter",
        Role: `arn:aws:iam::${ACCOUNT}:role/function`,
        Runtime: "nodejs20.x",
        Handler: "index.handler",
        Code: { ZipFile: handlerZip() },
        Timeout: 30,
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: "putter" });
    const { Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: "putter", Payload: '["granted","other"]' }),
    );
    expect(JSON.parse(Buffer.from(Payload!).toString())).toEqual([
      "ok",
      expect.stringContaining(`assumed-role/function/putter is not authorized to perform: kinesis:PutRecord`),
    ]);
  }, 60_000);

  /** A handler as we deploy them: TypeScript with its SDK client in one file. */
  function handlerZip(): Buffer {
    const source = `
      import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
      const kinesis = new KinesisClient({});
      export const handler = (streams: string[]) => Promise.all(streams.map((StreamName) =>
        kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: "k", Data: Buffer.from("{}") })).then(() => "ok", (e) => e.message)));`;
    const built = buildSync({
      stdin: { contents: source, resolveDir: join(__dirname, "../.."), loader: "ts" },
      bundle: true,
      platform: "node",
      format: "cjs",
      write: false,
    });
    return zipOf("index.js", Buffer.from(built.outputFiles[0]!.contents), 0o644);
  }
});

describe("S3 through the endpoint", () => {
  const s3 = () => new S3Client(gateway.aws.internal);

  it("keeps every byte of a large streamed upload with a trailing checksum", async () => {
    const body = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef");
    await s3().send(new PutObjectCommand({ Bucket: "records", Key: "large", Body: body, ChecksumAlgorithm: "CRC32" }));
    const got = await s3().send(new GetObjectCommand({ Bucket: "records", Key: "large", ChecksumMode: "ENABLED" }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
  });

  it.each([
    ["path", "", "/records/odd%20%2B%26%C3%A9%20name"],
    ["virtual-host", "records.", "/odd%20%2B%26%C3%A9%20name"],
  ])("answers a presigned URL in %s style, and refuses it changed", async (_, prefix, path) => {
    await s3().send(new PutObjectCommand({ Bucket: "records", Key: "odd +&é name", Body: "found" }));
    const host = `${prefix}localhost:${new URL(gateway.endpoint).port}`;
    const signer = new SignatureV4({
      service: "s3",
      region: REGION,
      credentials: gateway.operator,
      sha256: Sha256,
      uriEscapePath: false,
    });
    const signed = await signer.presign(
      {
        method: "GET",
        protocol: "http:",
        hostname: "localhost",
        path,
        headers: { host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      },
      { expiresIn: 60 },
    );
    const query = new URLSearchParams(signed.query as Record<string, string>).toString().replaceAll("+", "%20");
    await expect(get(`${path}?${query}`, host)).resolves.toEqual({ status: 200, body: "found" });
    await expect(get(`${path}x?${query}`, host)).resolves.toMatchObject({ status: 403 });
  });

  it("refuses who does not sign", async () => {
    await expect(get("/records/large")).resolves.toMatchObject({
      status: 403,
      body: expect.stringContaining("<Code>AccessDenied</Code>"),
    });
  });

  function get(path: string, host?: string): Promise<{ status: number; body: string }> {
    const { hostname, port } = new URL(gateway.endpoint);
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, path, headers: host === undefined ? {} : { host } }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text) => (body += text));
        answer.on("end", () => resolve({ status: answer.statusCode!, body }));
      });
      sent.once("error", reject);
      sent.end();
    });
  }
});

describe("starting and ending", () => {
  it("names the port that is taken", async () => {
    const port = Number(new URL(gateway.endpoint).port);
    const options = { region: REGION, accountId: ACCOUNT, folder, clock: new Clock(1), meter: new Meter(), python };
    await expect(startGateway({ ...options, port, services: () => [] })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port`,
    );
  });

  it("tells a Python that lacks the emulator what to install", async () => {
    const bare = join(folder, "python");
    writeFileSync(bare, "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'ministack'\" >&2\nexit 1\n", {
      mode: 0o755,
    });
    const options = { region: REGION, accountId: ACCOUNT, folder, clock: new Clock(1), meter: new Meter() };
    await expect(startGateway({ ...options, python: bare, services: () => [] })).rejects.toThrow(
      `The emulator's Python module ministack is missing in ${bare}: install local/emulator/requirements.txt there`,
    );
  });

  it("tells of an emulator that ended by itself, with the end of its log", async () => {
    const own = mkdtempSync(join(tmpdir(), "gateway-crashed-"));
    const options = { python, folder: own, accountId: ACCOUNT, region: REGION, callBack: "http://127.0.0.1:9" };
    const emulator = await startMinistack(options);
    process.kill(emulator.pid, "SIGKILL");
    const log = join(own, "emulator", "emulator.log");
    expect((await emulator.failure).message).toContain(
      `The emulator (ministack) ended with SIGKILL. Its log, ${log}, ends with:`,
    );
    await expect(emulator.decide("test", "s3:GetObject", "*", "127.0.0.1")).rejects.toThrow("ended with SIGKILL");
    rmSync(own, { recursive: true, force: true });
  });

  it("leaves no process when the run is killed", async () => {
    const own = mkdtempSync(join(tmpdir(), "gateway-killed-"));
    try {
      const run = spawn(process.execPath, ["-e", killedRun(), python, own], { stdio: ["ignore", "pipe", "inherit"] });
      const emulator = Number(
        await new Promise((resolve) => run.stdout!.once("data", (text) => resolve(String(text)))),
      );
      expect(alive(emulator)).toBe(true);
      run.kill("SIGKILL");
      while (alive(emulator)) await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  }, 30_000);

  /** A program that starts the emulator, says its process id and stays. */
  function killedRun(): string {
    const source = `
      import { startMinistack } from "./local/emulator";
      const [python, folder] = process.argv.slice(1) as [string, string];
      startMinistack({ python, folder, accountId: "${ACCOUNT}", region: "${REGION}", callBack: "http://127.0.0.1:9" }).then((emulator) => {
        console.log(emulator.pid);
        setInterval(() => undefined, 1000);
      });`;
    const root = join(__dirname, "../..");
    const built = buildSync({
      stdin: { contents: source, resolveDir: root, loader: "ts" },
      bundle: true,
      platform: "node",
      write: false,
      define: { __dirname: JSON.stringify(root) },
    });
    return built.outputFiles[0]!.text;
  }

  function alive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      // A process that has ended and is not yet collected by its new parent is not alive.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  }
});

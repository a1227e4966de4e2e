import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Roles } from "../../../local/gateway/roles";

const ROLE = "arn:aws:iam::000000000000:role/delivery";
const FIREHOSE = "firehose.amazonaws.com";
const HOUR = 3_600_000;

let iam: Server;
let trust: object | undefined;
let asked: number;
let now: number;

beforeEach(async () => {
  asked = 0;
  now = 0;
  trust = { Effect: "Allow", Principal: { Service: FIREHOSE }, Action: "sts:AssumeRole" };
  iam = createServer((_, answer) => {
    asked++;
    if (trust === undefined) {
      answer
        .writeHead(404)
        .end("<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>none</Message></Error></ErrorResponse>");
      return;
    }
    const document = encodeURIComponent(JSON.stringify({ Statement: [trust] }));
    answer.end(
      `<GetRoleResponse><GetRoleResult><Role><Arn>${ROLE}</Arn><AssumeRolePolicyDocument>${document}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`,
    );
  });
  await new Promise<void>((resolve) => iam.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  iam.close();
  iam.closeAllConnections();
});

function roles() {
  let opened = 0;
  const openSession = jest.fn(async (roleArn: string, name: string, seconds: number) => ({
    accessKeyId: `ASIA${++opened}`,
    secretAccessKey: "secret",
    sessionToken: "token",
    expiration: new Date(now + seconds * 1000),
    arn: `${roleArn}/${name}`,
  }));
  const client = {
    endpoint: `http://127.0.0.1:${(iam.address() as AddressInfo).port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    forcePathStyle: true as const,
    maxAttempts: 1,
  };
  const subject = new Roles(
    { openSession },
    () => client,
    () => new Date(now),
  );
  return { openSession, subject };
}

it("opens a session of an hour in the name of the service", async () => {
  const { openSession, subject } = roles();
  await expect(subject.credentials(ROLE, FIREHOSE)).resolves.toMatchObject({
    accessKeyId: "ASIA1",
    sessionToken: "token",
  });
  expect(openSession).toHaveBeenCalledWith(ROLE, "firehose", 3600);
});

it("keeps the session until five minutes before its end", async () => {
  const { subject } = roles();
  await subject.credentials(ROLE, FIREHOSE);
  now = HOUR - 300_001;
  await expect(subject.credentials(ROLE, FIREHOSE)).resolves.toMatchObject({ accessKeyId: "ASIA1" });
  now = HOUR - 300_000;
  await expect(subject.credentials(ROLE, FIREHOSE)).resolves.toMatchObject({ accessKeyId: "ASIA2" });
});

it("opens one session for calls at once", async () => {
  const { openSession, subject } = roles();
  await Promise.all([subject.credentials(ROLE, FIREHOSE), subject.credentials(ROLE, FIREHOSE)]);
  expect(openSession).toHaveBeenCalledTimes(1);
});

it("reads the trust policy anew when roles may have changed", async () => {
  const { subject } = roles();
  await subject.credentials(ROLE, FIREHOSE);
  trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  subject.forget();
  await expect(subject.credentials(ROLE, FIREHOSE)).rejects.toMatchObject({
    code: "AccessDenied",
    message: `${FIREHOSE} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}, because the role's trust policy does not admit it`,
  });
  expect(asked).toBe(2);
});

it("gives Firehose's external id, the account, and no other service's", async () => {
  const condition = { StringEquals: { "sts:ExternalId": "000000000000" } };
  trust = {
    Effect: "Allow",
    Principal: { Service: [FIREHOSE, "lambda.amazonaws.com"] },
    Action: "sts:AssumeRole",
    Condition: condition,
  };
  const { subject } = roles();
  await expect(subject.credentials(ROLE, FIREHOSE)).resolves.toBeDefined();
  await expect(subject.credentials(ROLE, "lambda.amazonaws.com")).rejects.toMatchObject({ code: "AccessDenied" });
});

it("does not keep a refusal", async () => {
  const { subject } = roles();
  const admitting = trust;
  trust = undefined;
  await expect(subject.credentials(ROLE, FIREHOSE)).rejects.toThrow("which does not exist");
  trust = admitting;
  await expect(subject.credentials(ROLE, FIREHOSE)).resolves.toBeDefined();
});

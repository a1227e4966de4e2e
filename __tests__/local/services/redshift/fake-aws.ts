import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Clock } from "../../../../local/clock";
import { AwsError, type AwsRequest, type Caller, type LocalAws } from "../../../../local/gateway/types";
import { Meter } from "../../../../local/meter";

const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

export const ROOT: Caller = {
  accountId: "000000000000",
  arn: "arn:aws:iam::000000000000:root",
  credentials: CREDENTIALS,
};
export const ROLE: Caller = {
  accountId: "000000000000",
  arn: "arn:aws:sts::000000000000:assumed-role/runner/session",
  credentials: { accessKeyId: "ASIARUNNER", secretAccessKey: "x" },
};

/** The rest of AWS as far as these two services ask it: subnets, security groups, secrets, who may do what. */
export class FakeAws {
  /** `action resource` that anyone but root may do. */
  readonly allowed = new Set<string>();
  /** Every question that was put to `authorize`. */
  readonly asked: string[] = [];
  /** Secrets by name; read by anyone whose key is in `readers`. */
  readonly secrets = new Map<string, string>();
  readonly readers = new Set(["test"]);
  ingress = { protocol: "tcp", from: 5439, to: 5439, cidrs: ["52.70.63.192/27"] };
  aws!: LocalAws;
  private server!: Server;

  async start(folder: string): Promise<this> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body } = this.answer(
          String(request.headers["x-amz-target"] ?? ""),
          Buffer.concat(chunks).toString(),
          String(request.headers.authorization),
        );
        response
          .writeHead(status, { "content-type": body.startsWith("<") ? "text/xml" : "application/x-amz-json-1.1" })
          .end(body);
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const config = {
      endpoint,
      region: "us-east-1",
      credentials: CREDENTIALS,
      forcePathStyle: true,
      maxAttempts: 1,
    } as const;
    this.aws = {
      endpoint,
      region: "us-east-1",
      accountId: "000000000000",
      folder,
      clock: new Clock(1),
      meter: new Meter(),
      as: () => config,
      internal: config,
      authorize: async (caller, action, resource) => {
        this.asked.push(`${action} ${resource}`);
        if (caller?.arn !== ROOT.arn && !this.allowed.has(`${action} ${resource}`)) {
          throw new AwsError(
            "AccessDenied",
            `User: ${caller?.arn} is not authorized to perform: ${action} on resource: ${resource}`,
            403,
          );
        }
      },
      connect: () => Promise.reject(new Error("not asked for here")),
    };
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(target: string, body: string, authorization: string): { status: number; body: string } {
    const json = (status: number, value: unknown) => ({ status, body: JSON.stringify(value) });
    const action = target.split(".")[1] ?? new URLSearchParams(body).get("Action") ?? "";
    if (action === "DescribeSubnets") {
      const ids = [...new URLSearchParams(body)].filter(([key]) => key.startsWith("SubnetId.")).map(([, id]) => id);
      const items = ids.map(
        (id, i) =>
          `<item><subnetId>${id}</subnetId><vpcId>${id.split("-")[1]}</vpcId><availabilityZone>us-east-1${"ab"[i]}</availabilityZone></item>`,
      );
      return {
        status: 200,
        body: `<DescribeSubnetsResponse><subnetSet>${items.join("")}</subnetSet></DescribeSubnetsResponse>`,
      };
    }
    if (action === "DescribeSecurityGroups") {
      const { protocol, from, to, cidrs } = this.ingress;
      const ranges = cidrs.map((cidr) => `<item><cidrIp>${cidr}</cidrIp></item>`).join("");
      const rule = `<item><ipProtocol>${protocol}</ipProtocol><fromPort>${from}</fromPort><toPort>${to}</toPort><ipRanges>${ranges}</ipRanges></item>`;
      return {
        status: 200,
        body: `<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId><ipPermissions>${rule}</ipPermissions></item></securityGroupInfo></DescribeSecurityGroupsResponse>`,
      };
    }
    const input = JSON.parse(body || "{}") as Record<string, string>;
    if (action === "CreateSecret") {
      this.secrets.set(input.Name!, input.SecretString!);
      return json(200, { ARN: secretArn(input.Name!), Name: input.Name });
    }
    const name = input.SecretId?.split(":secret:")[1]?.replace(/-x$/, "") ?? "";
    if (!this.secrets.has(name))
      return json(400, {
        __type: "ResourceNotFoundException",
        message: "Secrets Manager can't find the specified secret.",
      });
    if (action === "DeleteSecret") {
      this.secrets.delete(name);
      return json(200, {});
    }
    const key = /Credential=(\w+)\//.exec(authorization)?.[1] ?? "";
    if (!this.readers.has(key))
      return json(400, {
        __type: "AccessDeniedException",
        message: `${key} is not authorized to perform: secretsmanager:GetSecretValue`,
      });
    return json(200, { ARN: input.SecretId, Name: name, SecretString: this.secrets.get(name) });
  }
}

export function secretArn(name: string): string {
  return `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-x`;
}

export function request(body: string, headers: Record<string, string> = {}, caller: Caller = ROOT): AwsRequest {
  return {
    method: "POST",
    path: "/",
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(body),
    service: "",
    region: "us-east-1",
    caller,
    sourceIp: "127.0.0.1",
  };
}

/** `Code message` of a call that must fail. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AwsError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error("it did not fail");
}

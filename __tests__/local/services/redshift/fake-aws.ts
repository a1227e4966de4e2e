import type { IncomingMessage } from "node:http";
import { AwsError, type AwsRequest, type Caller, type LocalAws } from "../../../../local/gateway/types";
import { type FakeAnswer, FakeEndpoint } from "../../../support/fake-aws";

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
export class FakeAws extends FakeEndpoint {
  /** `action resource` that anyone but root may do. */
  readonly allowed = new Set<string>();
  /** Every question that was put to `authorize`. */
  readonly asked: string[] = [];
  /** Secrets by name; read by anyone whose key is in `readers`. */
  readonly secrets = new Map<string, string>();
  readonly readers = new Set(["test"]);
  ingress = { protocol: "tcp", from: 5439, to: 5439, cidrs: ["52.70.63.192/27"] };
  aws!: LocalAws;

  protected readonly authorize = async (caller: Caller | undefined, action: string, resource: string) => {
    this.asked.push(`${action} ${resource}`);
    if (caller?.arn !== ROOT.arn && !this.allowed.has(`${action} ${resource}`)) {
      throw new AwsError(
        "AccessDenied",
        `User: ${caller?.arn} is not authorized to perform: ${action} on resource: ${resource}`,
        403,
      );
    }
  };

  async start(folder: string): Promise<this> {
    this.aws = await this.listen(folder);
    return this;
  }

  stop(): Promise<void> {
    return this.close();
  }

  protected answer(request: IncomingMessage, bytes: Buffer): FakeAnswer {
    const target = String(request.headers["x-amz-target"] ?? "");
    const body = bytes.toString();
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
    const key = /Credential=(\w+)\//.exec(String(request.headers.authorization))?.[1] ?? "";
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

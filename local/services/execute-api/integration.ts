import type { Agent } from "node:http";
import type { Integration } from "@aws-sdk/client-api-gateway";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity } from "@smithy/types";
import type { ClientConfig, LocalAws } from "../../gateway/types";
import { NodeSha256 } from "../../sha256";
import { Fault, misconfigured } from "./fault";
import { CallTimeout, createAgent, type HttpAnswer, post } from "./http-call";

/** Services whose actions are called here, by the prefix of their target header: JSON over POST. */
const TARGETS: Readonly<Record<string, string>> = {
  firehose: "Firehose_20150804",
  kinesis: "Kinesis_20131202",
};

interface Action {
  readonly region: string;
  readonly service: string;
  readonly target: string;
}

/** Integrations of type AWS: one action of a service, called with the integration's role. */
export class AwsIntegrations {
  private readonly agent: Agent = createAgent();
  private readonly roles = new Map<string, ClientConfig>();
  private readonly identities = new Map<string, AwsCredentialIdentity>();

  constructor(private readonly aws: LocalAws) {}

  async call(integration: Integration, headers: Readonly<Record<string, string>>, body: string): Promise<HttpAnswer> {
    const action = actionOf(integration);
    const { credentials: role, timeoutInMillis = 29_000 } = integration;
    if (!role?.startsWith("arn:"))
      throw misconfigured(`integration: credentials must be a role, got ${role ?? "none"}`);

    const url = new URL("/", this.aws.endpoint);
    const signer = new SignatureV4({
      credentials: await this.credentialsOf(role),
      region: action.region,
      service: action.service,
      sha256: NodeSha256,
    });
    const signed = await signer.sign({
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: "/",
      query: {},
      headers: {
        ...headers,
        host: url.host,
        "x-amz-target": action.target,
        "content-length": String(Buffer.byteLength(body)),
      },
      body,
    });
    try {
      return await post(this.agent, url, signed.headers, body, timeoutInMillis);
    } catch (error) {
      if (error instanceof CallTimeout)
        throw new Fault("INTEGRATION_TIMEOUT", undefined, `${action.target}: no answer in ${timeoutInMillis} ms`);
      throw new Fault("INTEGRATION_FAILURE", undefined, `${action.target}: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  /** The role's temporary credentials, assumed again a minute before they end. */
  private async credentialsOf(role: string): Promise<AwsCredentialIdentity> {
    const known = this.identities.get(role);
    if (known?.expiration && known.expiration.getTime() > Date.now() + 60_000) return known;
    let config = this.roles.get(role);
    if (!config) {
      config = this.aws.as(role, "apigateway.amazonaws.com");
      this.roles.set(role, config);
    }
    try {
      const identity = typeof config.credentials === "function" ? await config.credentials() : config.credentials;
      this.identities.set(role, identity);
      return identity;
    } catch (error) {
      throw misconfigured(`integration: API Gateway may not assume ${role}: ${(error as Error).message}`);
    }
  }
}

/** Reads `arn:PARTITION:apigateway:REGION:SERVICE:action/ACTION`. */
function actionOf({ type, uri = "" }: Integration): Action {
  if (type !== "AWS")
    throw misconfigured(`integration: type ${type} is not carried out by the local AWS; AWS and MOCK are`);
  const [, region, service, action] = /^arn:[\w-]+:apigateway:([\w-]+):([\w.-]+):action\/(\w+)$/.exec(uri) ?? [];
  if (!region || !service || !action) {
    throw misconfigured(
      `integration: ${uri} is not carried out by the local AWS; arn:aws:apigateway:REGION:SERVICE:action/ACTION is`,
    );
  }
  const prefix = TARGETS[service];
  if (!prefix) {
    throw misconfigured(
      `integration: the service ${service} is not called by the local AWS; ${Object.keys(TARGETS).join(" and ")} are`,
    );
  }
  return { region, service, target: `${prefix}.${action}` };
}

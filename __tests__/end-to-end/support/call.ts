import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { Connections } from "../../../cli/emit";
import { TEST_KEYS } from "../../../local/setup/environment";
import type { Applied } from "./applied";

export interface Call {
  readonly method: "GET" | "PUT" | "POST";
  /** Behind the stage: `/streams`. */
  readonly path: string;
  readonly body?: string;
  /** @default application/json when signed; none otherwise, as of a client that names none */
  readonly contentType?: string;
  /** Whether the account's operator signs it. @default false, as of the article's script */
  readonly signed?: boolean;
}

/** Calls the applied API once, without the emitter's retries; answers status and text. */
export async function call({ gateway, outputs }: Applied, { method, path, body = "", ...options }: Call) {
  const url = new URL(outputs.api_url);
  const contentType = options.contentType ?? (options.signed ? "application/json" : undefined);
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.host,
    path: `${url.pathname}${path}`,
    headers: {
      host: url.host,
      "content-length": String(Buffer.byteLength(body)),
      ...(contentType === undefined ? {} : { "content-type": contentType }),
    },
    body,
  };
  const signer = new SignatureV4({
    service: "execute-api",
    region: gateway.aws.region,
    credentials: TEST_KEYS,
    sha256: Sha256,
  });
  const { headers } = options.signed ? await signer.sign({ ...request, query: {} }) : request;
  const connections = new Connections(new URL(gateway.endpoint), 1);
  try {
    const { status, text } = await connections.send({ ...request, headers });
    return { status, text };
  } finally {
    connections.close();
  }
}

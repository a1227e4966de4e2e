import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, Checksum, Provider, SourceData } from "@smithy/types";
import type { Post } from "./connections";

/** How requests are authorized. */
export type EmitAuth =
  /** Signed for execute-api with these credentials. */
  | {
      readonly kind: "iam";
      readonly region: string;
      readonly credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>;
    }
  /** With an API key. */
  | { readonly kind: "apiKey"; readonly key: string }
  /** With an access token, which `token` gives and renews. */
  | { readonly kind: "cognito"; readonly token: () => Promise<string> }
  | { readonly kind: "none" };

/** Puts what `auth` asks for into a request; signs for the API's own host, whatever the connection goes to. */
export function createAuthorizer(auth: EmitAuth, target: URL): (request: Post) => Promise<Post> {
  const withHeader = (request: Post, name: string, value: string): Post => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  });
  switch (auth.kind) {
    case "none":
      return async (request) => request;
    case "apiKey":
      return async (request) => withHeader(request, "x-api-key", auth.key);
    case "cognito":
      return async (request) => withHeader(request, "authorization", `Bearer ${await auth.token()}`);
    case "iam": {
      const signer = new SignatureV4({ ...auth, service: "execute-api", sha256: NodeSha256 });
      return async (request) => {
        const { headers } = await signer.sign({
          ...request,
          headers: { ...request.headers },
          protocol: target.protocol,
          hostname: target.hostname,
          query: {},
        });
        return { ...request, headers };
      };
    }
  }
}

/** The engine's own SHA-256: the one in JavaScript takes longer over a batch than sending it. */
export class NodeSha256 implements Checksum {
  private hash: ReturnType<typeof createHash>;

  constructor(private readonly secret?: SourceData) {
    this.hash = this.fresh();
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = this.fresh();
  }

  private fresh(): ReturnType<typeof createHash> {
    return this.secret === undefined
      ? createHash("sha256")
      : (createHmac("sha256", bytesOf(this.secret)) as unknown as ReturnType<typeof createHash>);
  }
}

function bytesOf(data: SourceData): string | Uint8Array {
  if (typeof data === "string") return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

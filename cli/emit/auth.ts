import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, Provider } from "@smithy/types";
import { NodeSha256 } from "../../local/sha256";
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

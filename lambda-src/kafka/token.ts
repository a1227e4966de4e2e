import { generateAuthToken } from "aws-msk-iam-sasl-signer-js";

/**
 * A token of the caller's own credentials for SASL/OAUTHBEARER:
 * https://github.com/aws/aws-msk-iam-sasl-signer-js and, for what it holds, the format that https://github.com/aws/aws-msk-iam-auth describes.
 */
export async function mskToken(region: string): Promise<string> {
  const { token } = await generateAuthToken({ region });
  return token;
}

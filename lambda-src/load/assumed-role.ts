import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

/** How long the credentials hold, in seconds: the longest that one role assuming another may ask for. */
const DURATION_SECONDS = 3600;

/** Credentials of a role of the warehouse's account. The SDK keeps them until they expire, and then calls again. */
export function assumedRole({ arn, externalId }: { readonly arn: string; readonly externalId: string | undefined }) {
  const sts = new STSClient({});
  return async () => {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: arn,
        RoleSessionName: "redstream-load",
        DurationSeconds: DURATION_SECONDS,
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      }),
    );
    if (!Credentials?.AccessKeyId || !Credentials.SecretAccessKey) throw new Error(`STS gave no credentials of ${arn}`);
    return {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      ...(Credentials.SessionToken === undefined ? {} : { sessionToken: Credentials.SessionToken }),
      ...(Credentials.Expiration === undefined ? {} : { expiration: Credentials.Expiration }),
    };
  };
}

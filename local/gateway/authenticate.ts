import type { Emulator, ResolvedKey } from "../emulator";
import { AUTHORITY, type Credential, type SignedParts, sha256, signatureMatches, timeOf } from "./sigv4";
import { AwsError, type Caller } from "./types";

/** Minutes that the clock of a caller may be off, as AWS's services allow. */
const SKEW_MINUTES = 5;
const KEYS_REMEMBERED = 1000;

/** Finds out who signed a request, or says in AWS's words why it does not believe the signature. */
export class Authenticator {
  private readonly keys = new Map<string, Promise<ResolvedKey>>();

  constructor(
    private readonly emulator: Pick<Emulator, "resolve">,
    private readonly now: () => Date,
  ) {}

  /** `credential` as read from `parts`; a string is what is wrong with it. `body` is hashed: what a header says of it is not believed. */
  async caller(parts: SignedParts, body: Buffer, credential: Credential | string): Promise<Caller> {
    if (typeof credential === "string") throw new AwsError("IncompleteSignatureException", credential, 400);
    this.checkTime(credential);
    const key = await this.key(credential);
    if (key.expiration !== undefined && key.expiration.getTime() <= this.now().getTime()) {
      throw new AwsError("ExpiredTokenException", "The security token included in the request is expired", 403);
    }
    if (
      !credential.signedHeaders.some((name) => name === "host" || name === AUTHORITY) ||
      !signatureMatches(parts, sha256(body), credential, key.secretAccessKey)
    ) {
      throw new AwsError(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        403,
      );
    }
    const { accessKeyId, sessionToken } = credential;
    return {
      accountId: key.accountId,
      arn: key.arn,
      credentials: {
        accessKeyId,
        secretAccessKey: key.secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
      },
    };
  }

  /** To be called when keys may have changed. */
  forget(): void {
    this.keys.clear();
  }

  private checkTime({ date, expiresSeconds }: Credential): void {
    const now = this.now().getTime();
    const signed = timeOf(date);
    const skew = SKEW_MINUTES * 60_000;
    const latest = expiresSeconds === undefined ? signed + skew : signed + expiresSeconds * 1000;
    if (now > latest) {
      throw new AwsError(
        "InvalidSignatureException",
        `Signature expired: ${date} is now earlier than ${stamp(now - (latest - signed))} (${stamp(now)} - ${(latest - signed) / 60_000} min.)`,
        403,
      );
    }
    if (now < signed - skew) {
      throw new AwsError(
        "InvalidSignatureException",
        `Signature not yet current: ${date} is still later than ${stamp(now + skew)} (${stamp(now)} + ${SKEW_MINUTES} min.)`,
        403,
      );
    }
  }

  /** Remembered, because a sender signs thousands of requests with one key; a key that is refused is not. */
  private key(credential: Credential): Promise<ResolvedKey> {
    const name = `${credential.accessKeyId} ${credential.sessionToken ?? ""}`;
    let key = this.keys.get(name);
    if (key === undefined) {
      key = this.emulator.resolve(credential.accessKeyId, credential.sessionToken);
      if (this.keys.size >= KEYS_REMEMBERED) this.keys.clear();
      this.keys.set(name, key);
      key.catch(() => this.keys.delete(name));
    }
    return key;
  }
}

function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, "");
}

import type { AwsCredentialIdentity } from "@smithy/types";
import type { Emulator } from "../emulator";
import { trusts } from "./trust";
import { AwsError, type ClientConfig } from "./types";

/** STS's own default. */
const SESSION_SECONDS = 3600;
/** A session is renewed so long before its end that no call under way loses it. */
const MARGIN_MS = 5 * 60_000;

interface Session {
  readonly credentials: Promise<AwsCredentialIdentity>;
  /** Milliseconds since the epoch. */
  ends: number;
}

/** Temporary credentials of applied roles for the services that assume them, each kept until shortly before its end. */
export class Roles {
  private readonly sessions = new Map<string, Session>();

  constructor(
    private readonly emulator: Pick<Emulator, "openSession">,
    /** To read the roles of an account, as the account itself. */
    private readonly iam: (accountId: string) => ClientConfig,
    private readonly now: () => Date,
  ) {}

  /** Asked for at each call, so that a role whose trust changed counts as changed. */
  credentials(roleArn: string, principal: string, sourceArn?: string): Promise<AwsCredentialIdentity> {
    const name = [roleArn, principal, sourceArn].join(" ");
    const known = this.sessions.get(name);
    if (known !== undefined && known.ends - this.now().getTime() > MARGIN_MS) return known.credentials;
    // Kept from the first moment, so that calls at once share one session.
    const opened: Session = { credentials: this.assume(roleArn, principal, sourceArn), ends: Number.POSITIVE_INFINITY };
    this.sessions.set(name, opened);
    opened.credentials.then(
      ({ expiration }) => {
        opened.ends = expiration!.getTime();
      },
      // A refusal is asked again the next time: the role may be there by then.
      () => {
        if (this.sessions.get(name) === opened) this.sessions.delete(name);
      },
    );
    return opened.credentials;
  }

  /** To be called when roles may have changed. */
  forget(): void {
    this.sessions.clear();
  }

  private async assume(roleArn: string, principal: string, sourceArn?: string): Promise<AwsCredentialIdentity> {
    const trust = await this.trustPolicy(roleArn);
    // A service works with roles of the account it works for: nobody may pass it another account's.
    const account = accountOf(roleArn);
    const context = {
      "aws:sourceaccount": account,
      ...(sourceArn !== undefined && { "aws:sourcearn": sourceArn }),
      // Firehose alone names the account so: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
      ...(principal === "firehose.amazonaws.com" && { "sts:externalid": account }),
    };
    if (trust === undefined || !trusts(trust, { principal, context })) {
      throw new AwsError(
        "AccessDenied",
        `${principal} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}, ${
          trust === undefined ? "which does not exist" : "because the role's trust policy does not admit it"
        }`,
        403,
      );
    }
    return this.emulator.openSession(roleArn, principal.split(".")[0]!, SESSION_SECONDS);
  }

  private async trustPolicy(roleArn: string): Promise<string | undefined> {
    // Loaded when first needed: a run that assumes no role does not pay for it.
    const { GetRoleCommand, IAMClient } = await import("@aws-sdk/client-iam");
    const iam = new IAMClient(this.iam(accountOf(roleArn)));
    try {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: roleArn.slice(roleArn.lastIndexOf("/") + 1) }));
      return Role?.Arn === roleArn ? decodeURIComponent(Role.AssumeRolePolicyDocument ?? "{}") : undefined;
    } catch (problem) {
      if ((problem as Error).name === "NoSuchEntityException") return undefined;
      throw problem;
    } finally {
      iam.destroy();
    }
  }
}

/** `arn:aws:iam::ACCOUNT:role/NAME`. */
const accountOf = (roleArn: string) => roleArn.split(":")[4] ?? "";

/** A session of a role, as STS would give it. */
export interface RoleSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
  readonly arn: string;
}

export interface ResolvedKey {
  readonly arn: string;
  readonly accountId: string;
  readonly secretAccessKey: string;
  /** Only of temporary credentials. */
  readonly expiration: Date | undefined;
}

/** What IAM says of a request: allowed, denied by a statement, or denied because no statement allows it. */
export type Decision = "Allow" | "Deny" | "ImplicitDeny";

/**
 * The emulator behind the gateway: the one seam through which another emulator could take ministack's place. It answers AWS calls at its
 * endpoint, checking their signatures and policies itself, and here the questions on identity that the gateway has for the
 * services it answers itself. A refusal is an AwsError in AWS's words.
 */
export interface Emulator {
  /** `http://127.0.0.1:PORT`; only the gateway calls it. */
  readonly endpoint: string;
  /** Its process, for who wants to know that it has ended. */
  readonly pid: number;
  /** Signing names of the services it may be asked for. */
  readonly services: ReadonlySet<string>;
  /** The secret and owner of an access key; the session token must be the one given with it. */
  resolve(accessKeyId: string, sessionToken: string | undefined): Promise<ResolvedKey>;
  /** May the owner of this access key do `action` (`firehose:PutRecord`) on `resource` (an ARN or `*`)? */
  decide(accessKeyId: string, action: string, resource: string, sourceIp: string): Promise<Decision>;
  /** Opens a session of a role without asking its trust policy: the caller has read it. */
  openSession(roleArn: string, sessionName: string, seconds: number): Promise<RoleSession>;
  /** Resolves, with the reason and the log's last lines, only if it ends without being asked to. */
  readonly failure: Promise<Error>;
  /** Ends it and every process it started. Safe to call twice. */
  stop(): Promise<void>;
}

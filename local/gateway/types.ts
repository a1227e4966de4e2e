import type { AwsCredentialIdentity, Provider } from "@smithy/types";
import type { Clock } from "../clock";
import type { Meter } from "../meter";

/** Who signed a request. */
export interface Caller {
  readonly accountId: string;
  /** `arn:aws:iam::ACCOUNT:root` or `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
  readonly arn: string;
  readonly credentials: AwsCredentialIdentity;
}

/** One HTTP request, read whole, its signature (if any) verified. */
export interface AwsRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Signing name: `firehose`, `redshift-data`, `execute-api` ... */
  readonly service: string;
  readonly region: string;
  /** Undefined for an unsigned request. */
  readonly caller: Caller | undefined;
  /** Peer address of the connection. */
  readonly sourceIp: string;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An AWS service that we answer ourselves. */
export interface Service {
  /** Signing names it answers. */
  readonly names: readonly string[];
  handle(request: AwsRequest): Promise<AwsResponse>;
  /** Records taken but not yet at rest (buffered, being retried, in flight). The run has settled when all services say 0. */
  pending?(): number;
  /** Stops timers and workers; what is buffered is kept on disk or said to be lost. */
  close?(): Promise<void>;
}

/** A failure as AWS words it. Thrown by a service, encoded by the gateway in the service's own protocol. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
    this.name = "AwsError";
  }
}

export interface SqlColumn {
  readonly name: string;
  /** Redshift's type name: `float8`, `int4`, `varchar`, `super` ... */
  readonly type: string;
}

export interface SqlResult {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly unknown[])[];
  /** Rows written by INSERT, UPDATE, DELETE, MERGE or COPY; rows returned otherwise. */
  readonly rowCount: number;
}

/** One session on a warehouse, as a driver gives it. */
export interface SqlConnection {
  run(sql: string): Promise<SqlResult>;
  close(): Promise<void>;
}

/** Where a session on a warehouse is asked for, and as whom. */
export interface SqlTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** From inside of the warehouse's VPC, where a public address is not needed. @default false */
  readonly within?: boolean;
}

/** A service that also has warehouses behind its API: `LocalAws.connect` asks each in turn. */
export interface SqlServer extends Service {
  /** A session on the warehouse at this host and port; undefined if it has none there, an AwsError if it does not let one in. */
  connect(to: SqlTarget): Promise<SqlConnection | undefined>;
}

/** What AWS SDK v3 clients take. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>;
  /** For S3; other clients pass over it. */
  readonly forcePathStyle: true;
  readonly maxAttempts: number;
}

/** What the gateway gives a service: the rest of AWS, seen through the one endpoint. */
export interface LocalAws {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Folder of this run; a service keeps its files under a folder of its own name there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly meter: Meter;
  /**
   * Clients that act as `roleArn`, assumed by the service `principal` (`firehose.amazonaws.com`), with temporary credentials. A role
   * whose trust policy does not admit the service is an AccessDenied at the first call, as on AWS. `sourceArn` is the resource for which
   * the service acts (the delivery stream), which the trust policy may ask for as `aws:SourceArn`.
   */
  as(roleArn: string, principal: string, sourceArn?: string): ClientConfig;
  /** Clients that act as the account itself: only for what AWS knows without asking a policy (configuration, never data). */
  readonly internal: ClientConfig;
  /** Throws AwsError AccessDenied unless the caller's policies allow `action` on `resource`. */
  authorize(caller: Caller | undefined, action: string, resource: string): Promise<void>;
  /**
   * Opens a session on a warehouse by its host and port, as a JDBC driver would. A wrong password, an unknown database or a
   * warehouse that does not admit outside connections is an AwsError.
   */
  connect(to: SqlTarget): Promise<SqlConnection>;
}

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { Caller, LocalAws } from "../../gateway/types";
import type { Scan } from "../../lake/load-table";
import { evaluate } from "./engine";
import { invalid, QueryError } from "./errors";
import { columnInfo, fromCsv, type ResultColumn, toCsv } from "./result";
import { engineOf, type ResultConfiguration, type WorkGroup } from "./workgroups";

export interface Request {
  readonly sql: string;
  readonly database: string | undefined;
  readonly catalog: string | undefined;
  readonly workgroup: WorkGroup;
  /** Of the workgroup where it is enforced, else of the caller: where the result goes. */
  readonly results: ResultConfiguration & { readonly OutputLocation: string };
  readonly caller: Caller;
}

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html */
export type State = "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";

/** A query that was stopped, by its caller or by its workgroup's limit. */
class Cancelled extends Error {}

/** One query, from the moment it was taken. It runs by itself; callers ask how far it is. */
export class Execution {
  readonly id = randomUUID();
  readonly submitted: Date;
  readonly done: Promise<void>;
  state: State = "QUEUED";
  private reason: string | undefined;
  private completed: Date | undefined;
  private columns: readonly ResultColumn[] = [];
  private readonly scan: Scan = { bytes: 0, objects: 0 };
  private readonly stopped = new AbortController();

  constructor(
    readonly request: Request,
    private readonly aws: LocalAws,
  ) {
    this.submitted = aws.clock.now();
    // The caller has the id before the query begins.
    this.done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.run());
  }

  get ended(): boolean {
    return this.completed !== undefined;
  }

  /** https://docs.aws.amazon.com/athena/latest/APIReference/API_StopQueryExecution.html: nothing happens to one that has ended. */
  stop(): void {
    this.stopped.abort();
  }

  describe(): Record<string, unknown> {
    const { sql, database, catalog, workgroup, results } = this.request;
    const milliseconds = (this.completed ?? this.aws.clock.now()).getTime() - this.submitted.getTime();
    return {
      QueryExecutionId: this.id,
      Query: sql,
      StatementType: "DML",
      SubstatementType: "SELECT",
      ResultConfiguration: { ...results, OutputLocation: `s3://${this.target.bucket}/${this.target.key}` },
      ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: false } },
      QueryExecutionContext: {
        ...(database === undefined ? {} : { Database: database }),
        ...(catalog === undefined ? {} : { Catalog: catalog }),
      },
      Status: {
        State: this.state,
        ...(this.reason === undefined ? {} : { StateChangeReason: this.reason }),
        SubmissionDateTime: this.submitted.getTime() / 1000,
        ...(this.completed === undefined ? {} : { CompletionDateTime: this.completed.getTime() / 1000 }),
      },
      Statistics: {
        DataScannedInBytes: this.scan.bytes,
        EngineExecutionTimeInMillis: milliseconds,
        TotalExecutionTimeInMillis: milliseconds,
      },
      WorkGroup: workgroup.name,
      EngineVersion: engineOf(workgroup),
    };
  }

  /** The rows from one on, the header being the first: read back out of the result's file with the keys of whoever asks now. */
  async rows(caller: Caller, from: number, size: number): Promise<{ readonly page: unknown; readonly next?: number }> {
    if (this.state !== "SUCCEEDED") {
      throw invalid(
        this.ended
          ? `Query did not finish successfully. Final query state: ${this.state}`
          : `Query has not yet finished. Current state: ${this.state}`,
      );
    }
    const s3 = this.s3Of(caller);
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: this.target.bucket, Key: this.target.key }));
      const rows = fromCsv(await Body!.transformToString());
      const page = rows.slice(from, from + size).map((row) => ({
        Data: row.map((value) => (value === null ? {} : { VarCharValue: value })),
      }));
      return {
        page: {
          ResultSet: { Rows: page, ResultSetMetadata: { ColumnInfo: this.columns.map(columnInfo) } },
          UpdateCount: 0,
        },
        ...(from + size < rows.length ? { next: from + size } : {}),
      };
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error;
      throw invalid(
        `Unable to read the query's result at s3://${this.target.bucket}/${this.target.key}: ${error.name}: ${error.message}`,
      );
    } finally {
      s3.destroy();
    }
  }

  private async run(): Promise<void> {
    const { aws, request, scan } = this;
    const place = `athena:${request.workgroup.name}`;
    aws.meter.add(place, "queries");
    const s3 = this.s3Of(request.caller);
    try {
      this.goOn();
      this.state = "RUNNING";
      const result = await evaluate({
        sql: request.sql,
        database: request.database,
        caller: { ...aws.internal, credentials: request.caller.credentials },
        s3,
        scratch: join(aws.folder, "athena", this.id),
        now: aws.clock.now(),
        scan,
        signal: this.stopped.signal,
        mayRead: (bytes) => this.goOn(bytes),
      });
      this.goOn();
      this.columns = result.columns;
      await this.write(s3, toCsv(result));
      this.end("SUCCEEDED");
    } catch (error) {
      if (this.stopped.signal.aborted) this.end("CANCELLED", "Query cancelled by user");
      else if (error instanceof Cancelled) this.end("CANCELLED", error.message);
      else if (error instanceof QueryError) this.end("FAILED", error.message);
      else this.end("FAILED", `GENERIC_INTERNAL_ERROR: ${(error as Error).message}`);
    } finally {
      s3.destroy();
      aws.meter.add(place, this.state.toLowerCase());
      aws.meter.add(place, "scanned_bytes", scan.bytes);
      aws.meter.add(place, "scanned_objects", scan.objects);
    }
  }

  /** https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html: a query that exceeds the limit is cancelled. */
  private goOn(bytes = 0): void {
    if (this.stopped.signal.aborted) throw new Cancelled("Query cancelled by user");
    const { cutoffBytes } = this.request.workgroup;
    if (cutoffBytes !== undefined && this.scan.bytes + bytes > cutoffBytes) {
      throw new Cancelled("Query cancelled! : Bytes scanned limit was exceeded");
    }
  }

  private end(state: State, reason?: string): void {
    this.state = state;
    this.reason = reason;
    this.completed = this.aws.clock.now();
  }

  private async write(s3: S3Client, text: string): Promise<void> {
    const { EncryptionOption, KmsKey } = this.request.results.EncryptionConfiguration ?? {};
    const { bucket, key } = this.target;
    try {
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: text,
          ContentType: "application/octet-stream",
          ...(EncryptionOption === "SSE_KMS" ? { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KmsKey } : {}),
          ...(EncryptionOption === "SSE_S3" ? { ServerSideEncryption: "AES256" } : {}),
        }),
      );
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error;
      throw new QueryError(
        error.$metadata.httpStatusCode === 403
          ? `Access denied when writing output to url: s3://${bucket}/${key} . Please ensure you are allowed to access the S3 bucket.`
          : `Unable to write the result to s3://${bucket}/${key}: ${error.name}: ${error.message}`,
      );
    }
  }

  private get target(): { readonly bucket: string; readonly key: string } {
    const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(this.request.results.OutputLocation) ?? [];
    return { bucket, key: `${prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`}${this.id}.csv` };
  }

  private s3Of({ credentials }: Caller): S3Client {
    return new S3Client({ ...this.aws.internal, credentials });
  }
}

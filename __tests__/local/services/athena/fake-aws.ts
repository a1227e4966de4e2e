import type { IncomingMessage } from "node:http";
import { AwsError, type Caller } from "../../../../local/gateway/types";
import { type FakeAnswer, FakeEndpoint } from "../../../support/fake-aws";

const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

export const ROOT: Caller = {
  accountId: "000000000000",
  arn: "arn:aws:iam::000000000000:root",
  credentials: CREDENTIALS,
};
export const STRANGER: Caller = {
  accountId: "000000000000",
  arn: "arn:aws:sts::000000000000:assumed-role/stranger/session",
  credentials: { accessKeyId: "ASIASTRANGER", secretAccessKey: "x" },
};

/** What Athena asks of the rest of AWS: Glue's GetTable and a few calls of S3, in memory, on one HTTP endpoint. */
export class FakeAws extends FakeEndpoint {
  /** Glue tables by `database.table`. */
  readonly tables: Record<string, unknown> = {};
  /** Objects by `bucket/key`. */
  readonly objects = new Map<string, string | Buffer>();
  /** Headers of the last PUT. */
  putHeaders: IncomingMessage["headers"] = {};
  /** Keys that were read, in order. */
  readonly read: string[] = [];
  /** Every question that was put to `authorize`. */
  readonly asked: string[] = [];
  denied: string | undefined;

  protected readonly authorize = async (caller: Caller | undefined, action: string, resource: string) => {
    this.asked.push(`${caller?.arn} ${action} ${resource}`);
    if (action === this.denied) throw new AwsError("AccessDenied", `not allowed: ${action}`, 403);
  };

  protected answer(request: IncomingMessage, body: Buffer): FakeAnswer {
    const target = request.headers["x-amz-target"];
    const stranger = request.headers.authorization?.includes(STRANGER.credentials.accessKeyId) ?? false;
    if (target === "AWSGlue.GetTable") {
      if (stranger) return json(400, { __type: "AccessDeniedException", message: "no glue:GetTable" });
      const { DatabaseName, Name } = JSON.parse(body.toString());
      const table = this.tables[`${DatabaseName}.${Name}`];
      return table
        ? json(200, { Table: table })
        : json(400, { __type: "EntityNotFoundException", message: "not found" });
    }
    if (stranger)
      return { status: 403, body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>" };
    const url = new URL(request.url ?? "", "http://x");
    const path = decodeURIComponent(url.pathname.slice(1)).replace(/\/$/, "");
    if (request.method === "PUT") {
      this.putHeaders = request.headers;
      this.objects.set(path, body);
      return { status: 200, body: "" };
    }
    if (url.searchParams.has("list-type")) return this.list(path, url.searchParams.get("prefix") ?? "");
    this.read.push(path);
    const found = this.objects.get(path);
    return found === undefined
      ? { status: 404, body: "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>" }
      : { status: 200, body: found };
  }

  private list(bucket: string, prefix: string): FakeAnswer {
    const contents = [...this.objects]
      .filter(([path]) => path.startsWith(`${bucket}/${prefix}`))
      .map(
        ([path, content]) =>
          `<Contents><Key>${path.slice(bucket.length + 1)}</Key><Size>${content.length}</Size></Contents>`,
      );
    return {
      status: 200,
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`,
    };
  }
}

const json = (status: number, value: unknown): FakeAnswer => ({ status, body: JSON.stringify(value) });

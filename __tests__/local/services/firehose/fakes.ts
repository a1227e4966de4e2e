import { Clock } from "../../../../local/clock";
import type { Caller, LocalAws, SqlConnection, SqlTarget } from "../../../../local/gateway/types";
import type { KinesisPage, KinesisRecord } from "../../../../local/kinesis-page";
import { Meter } from "../../../../local/meter";
import type { Answer, Ports, RolePorts, Start, TableColumn } from "../../../../local/services/firehose/ports";

/** A world in memory that a delivery stream acts on. What a test sets to throw is thrown until it is set back. */
export class FakeWorld implements Ports {
  readonly objects = new Map<string, Buffer>();
  readonly logged: { group: string; stream: string; message: Record<string, unknown> }[] = [];
  readonly sql: { readonly to: SqlTarget; readonly sql: string }[] = [];
  readonly roles: string[] = [];
  readonly shards = new Map<string, KinesisRecord[]>();
  readonly closed = new Set<string>();
  readonly children = new Map<string, KinesisRecord[]>();
  secret = '{"username":"fh","password":"pw"}';
  secretReads = 0;
  putFails: Error | undefined;
  /** Keys with their bucket that a put is refused. */
  refusedKeys: RegExp | undefined;
  sqlFails: Error | undefined;
  connectFails: Error | undefined;
  catalogFails: Error | undefined;
  columns: TableColumn[] = [];
  readFails: Error | undefined;
  failedReads = 0;
  transform: (records: { recordId: string; data: string }[]) => Answer | Promise<Answer> = (records) => ({
    payload: Buffer.from(JSON.stringify({ records: records.map((record) => ({ ...record, result: "Ok" })) })),
  });
  private iterators = 0;
  private readonly positions = new Map<string, { shardId: string; index: number }>();

  as(roleArn: string): RolePorts {
    this.roles.push(roleArn);
    return {
      objects: {
        put: async ({ bucket, key, body }) => {
          if (this.putFails) throw this.putFails;
          if (this.refusedKeys?.test(`${bucket}/${key}`)) throw new Error("refused");
          this.objects.set(`${bucket}/${key}`, body);
        },
      },
      functions: { invoke: async (_, payload) => this.transform(JSON.parse(payload.toString()).records) },
      secrets: {
        read: async () => {
          this.secretReads++;
          return this.secret;
        },
      },
      logs: {
        put: async (group, stream, events) => {
          for (const { message } of events) this.logged.push({ group, stream, message: JSON.parse(message) });
        },
      },
      stream: {
        shards: async () => [...this.shards.keys()].filter((id) => !this.closed.has(`${id} gone`)),
        iterator: async (_, shardId, start) => this.iterate(shardId, start),
        read: async (_, iterator) => this.page(iterator),
      },
      catalog: {
        columns: async () => {
          if (this.catalogFails) throw this.catalogFails;
          return this.columns;
        },
      },
      close: () => undefined,
    };
  }

  async connect(to: SqlTarget): Promise<SqlConnection> {
    if (this.connectFails) throw this.connectFails;
    return {
      run: async (sql: string) => {
        this.sql.push({ to, sql });
        if (this.sqlFails) throw this.sqlFails;
        return { columns: [], rows: [], rowCount: 2 };
      },
      close: async () => undefined,
    };
  }

  private iterate(shardId: string, start: Start): string {
    const records = this.shards.get(shardId) ?? [];
    const index =
      start.kind === "beginning"
        ? 0
        : start.kind === "after"
          ? records.findIndex(({ sequenceNumber }) => sequenceNumber === start.sequenceNumber) + 1
          : records.filter(({ arrivedAt }) => arrivedAt < start.at.getTime()).length;
    return this.iteratorAt(shardId, index);
  }

  private iteratorAt(shardId: string, index: number): string {
    const iterator = `i${this.iterators++}`;
    this.positions.set(iterator, { shardId, index });
    return iterator;
  }

  private page(iterator: string): KinesisPage {
    if (this.readFails) {
      this.failedReads++;
      throw this.readFails;
    }
    const { shardId, index } = this.positions.get(iterator)!;
    const records = (this.shards.get(shardId) ?? []).slice(index, index + 3);
    const at = index + records.length;
    const isEnd = this.closed.has(shardId) && at === this.shards.get(shardId)?.length;
    return { records, next: isEnd ? undefined : this.iteratorAt(shardId, at), millisBehind: 0 };
  }
}

export const ROLE = "arn:aws:iam::123456789012:role/fh";

/** A local AWS that refuses what `denied` names. */
export function fakeAws(denied: readonly string[] = [], speed = 1000, folder = ""): LocalAws {
  return {
    endpoint: "http://127.0.0.1:1",
    region: "us-east-1",
    accountId: "123456789012",
    folder,
    clock: new Clock(speed),
    meter: new Meter(),
    as: () => {
      throw new Error("the fakes stand for clients");
    },
    internal: undefined as never,
    authorize: async (_: Caller | undefined, action: string, resource: string) => {
      if (denied.includes(`${action} ${resource}`)) throw new Error(`denied ${action} ${resource}`);
    },
    connect: () => {
      throw new Error("the fakes stand for warehouses");
    },
  };
}

/** Resolves when `check` holds. The bound only ends a test that would never end. */
export async function until(check: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!check()) {
    if (Date.now() > end) throw new Error(`never held: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

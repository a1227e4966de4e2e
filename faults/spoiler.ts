import type { After, Before, Interceptor, SeenRequest } from "../local/gateway/intercept";
import { workerOf } from "./workers";

/** A request of a worker, as rules look at it. */
export interface WorkerRequest extends SeenRequest {
  readonly worker: string;
}

/** What is done to some requests of a run. */
export interface Rule {
  readonly when: "before" | "after";
  matches(request: WorkerRequest): boolean;
  /** How many requests it is done to. */
  readonly times: number;
  act(request: WorkerRequest): Before | After | undefined | Promise<Before | After | undefined>;
}

const SERVICES: ReadonlySet<string> = new Set(["dynamodb", "redshift-data", "s3", "sqs"]);

/** The interceptor of the campaign: does what the rules of the present run say, to requests of workers only. */
export class Spoiler implements Interceptor {
  private rules: { readonly rule: Rule; done: number }[] = [];
  private counted = new Map<string, number>();

  /** Rules of a new run; those before end. */
  arm(rules: readonly Rule[]): void {
    this.rules = rules.map((rule) => ({ rule, done: 0 }));
    this.counted = new Map();
  }

  /** How often the rules have been applied. */
  get fired(): number {
    return this.rules.reduce((sum, { done }) => sum + done, 0);
  }

  /** Requests of workers since the rules were armed, by `service action`. */
  get requests(): ReadonlyMap<string, number> {
    return this.counted;
  }

  wants(service: string): boolean {
    return SERVICES.has(service);
  }

  async before(request: SeenRequest): Promise<Before | undefined> {
    const worker = workerOf(request.headers);
    if (worker !== undefined) {
      const name = `${request.service} ${request.action.split(" ")[0]}`;
      this.counted.set(name, (this.counted.get(name) ?? 0) + 1);
    }
    return (await this.apply("before", request)) as Before | undefined;
  }

  async after(request: SeenRequest): Promise<After | undefined> {
    return (await this.apply("after", request)) as After | undefined;
  }

  private async apply(when: Rule["when"], seen: SeenRequest): Promise<Before | After | undefined> {
    const worker = workerOf(seen.headers);
    if (worker === undefined) return undefined;
    const request = { ...seen, worker };
    for (const entry of this.rules) {
      const { rule } = entry;
      if (rule.when !== when || entry.done >= rule.times || !rule.matches(request)) continue;
      entry.done++;
      return rule.act(request);
    }
    return undefined;
  }
}

/** Texts of the SQL that a request carries. */
function sqlOf({ service, body }: SeenRequest): readonly string[] {
  if (service !== "redshift-data") return [];
  const { Sql, Sqls } = JSON.parse(body.toString() || "{}") as { Sql?: string; Sqls?: string[] };
  return Sql === undefined ? (Sqls ?? []) : [Sql];
}

/** It runs a COPY. */
export const copies = (request: SeenRequest): boolean => sqlOf(request).some((sql) => /^\s*COPY\s/i.test(sql));
/** It moves rows to their table for good: a transaction behind a lock, or a COPY straight into it. */
export const commits = (request: SeenRequest): boolean => {
  const sqls = sqlOf(request);
  return sqls.length > 2 && /^\s*LOCK\s/i.test(sqls[0]!);
};
/** It writes to the ledger that something is loaded. */
export const records = ({ service, action, body }: SeenRequest): boolean =>
  service === "dynamodb" && /^(PutItem|UpdateItem|TransactWriteItems)$/.test(action) && body.includes('"loaded"');

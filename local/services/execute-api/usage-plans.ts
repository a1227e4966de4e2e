import {
  type APIGatewayClient,
  GetApiKeysCommand,
  type GetApiKeysCommandOutput,
  GetUsagePlanKeysCommand,
  type GetUsagePlanKeysCommandOutput,
  GetUsagePlansCommand,
  type GetUsagePlansCommandOutput,
  type QuotaPeriodType,
} from "@aws-sdk/client-api-gateway";
import type { Stage } from "./config";
import { Fault } from "./fault";

/** One usage plan as far as it limits a key. */
interface Plan {
  readonly id: string;
  readonly rate: number | undefined;
  readonly burst: number | undefined;
  readonly quota: { readonly limit: number; readonly period: QuotaPeriodType } | undefined;
  /** `API/STAGE` it admits to. */
  readonly stages: ReadonlySet<string>;
  readonly keyIds: ReadonlySet<string>;
}

/** A key that a request showed, and the plans that admit it to the stage. */
export interface Admission {
  readonly keyId: string;
  readonly plans: readonly Plan[];
}

interface Known {
  /** Ids of enabled keys by value. */
  readonly keys: ReadonlyMap<string, string>;
  readonly plans: readonly Plan[];
}

/** As that of a stage: keys and plans need no deployment to take effect. */
const TTL_MS = 1000;

/**
 * API keys and usage plans, read through API Gateway's own API: a key admits where a plan holds both it and the stage.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
 */
export class UsagePlans {
  private known: { readonly until: number; readonly value: Promise<Known> } | undefined;

  constructor(private readonly client: APIGatewayClient) {}

  /** Throws the Fault that AWS answers when `value` is no key that a plan admits to `stage`. */
  async admit(value: string | undefined, stage: Stage): Promise<Admission> {
    const { keys, plans } = await this.read();
    const keyId = value === undefined ? undefined : keys.get(value);
    if (keyId === undefined) throw new Fault("INVALID_API_KEY", undefined, "no API key, or none that is enabled");
    const admitting = plans.filter((plan) => plan.keyIds.has(keyId) && plan.stages.has(`${stage.apiId}/${stage.name}`));
    if (admitting.length === 0) {
      throw new Fault("INVALID_API_KEY", undefined, `no usage plan admits the API key ${keyId} to this stage`);
    }
    return { keyId, plans: admitting };
  }

  private read(): Promise<Known> {
    if (this.known && this.known.until > Date.now()) return this.known.value;
    const value = this.fetch();
    this.known = { until: Date.now() + TTL_MS, value };
    value.catch(() => {
      this.known = undefined;
    });
    return value;
  }

  private async fetch(): Promise<Known> {
    const keys = new Map<string, string>();
    let position: string | undefined;
    do {
      const page: GetApiKeysCommandOutput = await this.client.send(
        new GetApiKeysCommand({ includeValues: true, limit: 500, position }),
      );
      for (const { id = "", value, enabled } of page.items ?? []) if (value && enabled) keys.set(value, id);
      position = page.position;
    } while (position);
    const plans: Plan[] = [];
    do {
      const page: GetUsagePlansCommandOutput = await this.client.send(
        new GetUsagePlansCommand({ limit: 500, position }),
      );
      for (const { id = "", throttle, quota, apiStages = [] } of page.items ?? []) {
        plans.push({
          id,
          rate: throttle?.rateLimit,
          burst: throttle?.burstLimit,
          quota:
            quota?.limit === undefined || quota.period === undefined
              ? undefined
              : { limit: quota.limit, period: quota.period },
          stages: new Set(apiStages.map(({ apiId, stage }) => `${apiId}/${stage}`)),
          keyIds: await this.keysOf(id),
        });
      }
      position = page.position;
    } while (position);
    return { keys, plans };
  }

  private async keysOf(usagePlanId: string): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    let position: string | undefined;
    do {
      const page: GetUsagePlanKeysCommandOutput = await this.client.send(
        new GetUsagePlanKeysCommand({ usagePlanId, limit: 500, position }),
      );
      for (const { id } of page.items ?? []) if (id) ids.add(id);
      position = page.position;
    } while (position);
    return ids;
  }
}

/** Requests counted by plan, key and period: a day, a week from Sunday, a month, each from midnight UTC. */
export class Quotas {
  private readonly used = new Map<string, { readonly period: string; count: number }>();

  /** Counts a request in each plan, or says that one has none left. */
  admit({ keyId, plans }: Admission, now: Date): boolean {
    const limited = plans.flatMap(({ id, quota }) => {
      if (!quota) return [];
      const period = periodOf(quota.period, now);
      const key = `${id}/${keyId}`;
      let counter = this.used.get(key);
      if (counter?.period !== period) {
        counter = { period, count: 0 };
        this.used.set(key, counter);
      }
      return [{ counter, limit: quota.limit }];
    });
    if (limited.some(({ counter, limit }) => counter.count >= limit)) return false;
    for (const { counter } of limited) counter.count++;
    return true;
  }
}

function periodOf(period: QuotaPeriodType, now: Date): string {
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
  if (period === "MONTH") first.setUTCDate(1);
  if (period === "WEEK") first.setUTCDate(first.getUTCDate() - first.getUTCDay());
  return first.toISOString();
}

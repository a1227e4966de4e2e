import { randomUUID } from "node:crypto";
import type { LocalAws } from "../../gateway/types";
import { conflict, type Input, invalid, notFound } from "./input";
import type { Tags } from "./tags";

const TYPES = ["serverless-compute", "cross-region-datasharing"];
const PERIODS = ["daily", "weekly", "monthly"];
const ACTIONS = ["log", "emit-metric", "deactivate"];

interface UsageLimit {
  readonly usageLimitId: string;
  readonly usageLimitArn: string;
  readonly resourceArn: string;
  readonly usageType: string;
  readonly period: string;
  amount: number;
  breachAction: string;
}

/** Usage limits: kept and shown. Nothing is metered here, so none is ever reached. */
export class UsageLimits {
  private readonly limits = new Map<string, UsageLimit>();

  constructor(
    private readonly aws: LocalAws,
    private readonly tags: Tags,
    private readonly isWorkgroup: (arn: string) => boolean,
  ) {}

  create(input: Input): object {
    const resourceArn = input.require("resourceArn");
    if (!this.isWorkgroup(resourceArn)) throw notFound(`The resource with ARN ${resourceArn} doesn't exist.`);
    const usageType = oneOf("usageType", input.require("usageType"), TYPES);
    const period = oneOf("period", input.string("period") ?? "monthly", PERIODS);
    const same = [...this.limits.values()].find(
      (one) => one.resourceArn === resourceArn && one.usageType === usageType && one.period === period,
    );
    if (same) throw conflict(`A ${period} usage limit of ${usageType} exists for ${resourceArn}.`);
    const usageLimitId = randomUUID();
    const limit: UsageLimit = {
      usageLimitId,
      usageLimitArn: `arn:aws:redshift-serverless:${this.aws.region}:${this.aws.accountId}:usagelimit/${usageLimitId}`,
      resourceArn,
      usageType,
      period,
      amount: positive(input.integer("amount")),
      breachAction: oneOf("breachAction", input.string("breachAction") ?? "log", ACTIONS),
    };
    this.limits.set(usageLimitId, limit);
    this.tags.open(limit.usageLimitArn, []);
    return { usageLimit: limit };
  }

  get(input: Input): object {
    return { usageLimit: this.find(input) };
  }

  list(input: Input): object {
    const resourceArn = input.string("resourceArn");
    return {
      usageLimits: [...this.limits.values()].filter(
        (limit) => resourceArn === undefined || limit.resourceArn === resourceArn,
      ),
    };
  }

  update(input: Input): object {
    const limit = this.find(input);
    const amount = positive(input.integer("amount") ?? limit.amount);
    limit.breachAction = oneOf("breachAction", input.string("breachAction") ?? limit.breachAction, ACTIONS);
    limit.amount = amount;
    return { usageLimit: limit };
  }

  delete(input: Input): object {
    const limit = this.find(input);
    this.limits.delete(limit.usageLimitId);
    this.tags.close(limit.usageLimitArn);
    return { usageLimit: limit };
  }

  arnOf(id: string): string | undefined {
    return this.limits.get(id)?.usageLimitArn;
  }

  private find(input: Input): UsageLimit {
    const id = input.require("usageLimitId");
    const limit = this.limits.get(id);
    if (!limit) throw notFound(`Usage limit ${id} doesn't exist.`);
    return limit;
  }
}

function positive(amount: number | undefined): number {
  if (amount === undefined || amount < 1) throw invalid(`amount must be at least 1, got ${amount ?? "none"}.`);
  return amount;
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (!allowed.includes(value)) throw invalid(`${name} must be one of ${allowed.join(", ")}, got ${value}.`);
  return value;
}

import type { AwsCredentialIdentity } from "@smithy/types";
import type { LocalAws, Service } from "./types";

/** Keys of the operator: root of the run's own account, as the emulator knows it. They are good for nothing but this endpoint. */
export const OPERATOR: AwsCredentialIdentity = { accessKeyId: "test", secretAccessKey: "test" };

/** Root's keys of an account: the emulator takes an account's number as its root's access key. */
export function rootOf(accountId: string, home: string): AwsCredentialIdentity {
  return accountId === home ? OPERATOR : { ...OPERATOR, accessKeyId: accountId };
}

/** One account: AWS as its services see it, and those of them that we answer. */
export interface Account {
  readonly aws: LocalAws;
  readonly services: readonly Service[];
}

/**
 * The accounts of a run: its own, and any other whose keys a caller has. Each has services of its own, so that what is made in one is not to be seen in
 * another unless a policy says so, as on AWS.
 */
export class Accounts {
  private readonly open = new Map<string, Account>();

  /** `openAccount` is called once an account. */
  constructor(
    /** The run's own account. */
    readonly home: string,
    private readonly openAccount: (accountId: string) => Account,
  ) {}

  of(accountId: string): Account {
    const known = this.open.get(accountId);
    if (known) return known;
    const account = this.openAccount(accountId);
    this.open.set(accountId, account);
    return account;
  }

  /** The service of this signing name in an account. */
  service(name: string, accountId: string): Service | undefined {
    return this.of(accountId).services.find(({ names }) => names.includes(name));
  }

  /** The services of every account that somebody has called. */
  get services(): readonly Service[] {
    return [...this.open.values()].flatMap(({ services }) => services);
  }
}

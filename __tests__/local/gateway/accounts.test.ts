import { Accounts, OPERATOR, rootOf } from "../../../local/gateway/accounts";
import type { LocalAws, Service } from "../../../local/gateway/types";

const HOME = "000000000000";
const OTHER = "111111111111";

function accounts() {
  const opened: string[] = [];
  const subject = new Accounts(HOME, (accountId) => {
    opened.push(accountId);
    const service = { names: ["firehose"], accountId } as unknown as Service;
    return { aws: { accountId } as LocalAws, services: [service] };
  });
  return { opened, subject };
}

describe("accounts of a run", () => {
  it("have services of their own, made once when an account is first called", () => {
    const { opened, subject } = accounts();
    const service = subject.service("firehose", OTHER);
    expect(service).toMatchObject({ accountId: OTHER });
    expect(subject.service("firehose", OTHER)).toBe(service);
    expect(subject.service("firehose", HOME)).toMatchObject({ accountId: HOME });
    expect(opened).toEqual([OTHER, HOME]);
  });

  it("are all looked at by who waits for a run to settle", () => {
    const { subject } = accounts();
    subject.of(HOME);
    subject.of(OTHER);
    expect(subject.services).toHaveLength(2);
  });

  it("have no service that nobody answers", () => {
    expect(accounts().subject.service("s3", OTHER)).toBeUndefined();
  });

  it("have root's keys: the operator's at home, the account's number elsewhere", () => {
    expect(rootOf(HOME, HOME)).toBe(OPERATOR);
    expect(rootOf(OTHER, HOME)).toEqual({ accessKeyId: OTHER, secretAccessKey: "test" });
  });
});

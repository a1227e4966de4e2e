import type { Decision } from "../../../local/emulator";
import { Authorizer } from "../../../local/gateway/authorize";

const ROLE = {
  accountId: "000000000000",
  arn: "arn:aws:sts::000000000000:assumed-role/r/s",
  credentials: { accessKeyId: "ASIAKEY", secretAccessKey: "secret" },
};
const STREAM = "arn:aws:firehose:eu-central-1:000000000000:deliverystream/s";

function authorizer(decision: Decision) {
  let now = 0;
  const decide = jest.fn(async () => decision);
  const subject = new Authorizer({ decide }, () => new Date(now));
  return { decide, subject, pass: (ms: number) => (now += ms) };
}

it("lets root of the account do everything without asking", async () => {
  const { decide, subject } = authorizer("Deny");
  await subject.authorize({ ...ROLE, arn: "arn:aws:iam::000000000000:root" }, "firehose:PutRecord", STREAM);
  expect(decide).not.toHaveBeenCalled();
});

it("refuses a stranger", async () => {
  await expect(authorizer("Allow").subject.authorize(undefined, "firehose:PutRecord", STREAM)).rejects.toMatchObject({
    code: "MissingAuthenticationTokenException",
    message: "Missing Authentication Token",
  });
});

it.each<[Decision, string]>([
  ["ImplicitDeny", "because no identity-based policy allows the firehose:PutRecord action"],
  ["Deny", "with an explicit deny in a policy"],
])("names user, action, resource and reason of an %s", async (decision, reason) => {
  await expect(authorizer(decision).subject.authorize(ROLE, "firehose:PutRecord", STREAM)).rejects.toMatchObject({
    code: "AccessDenied",
    status: 403,
    message: `User: ${ROLE.arn} is not authorized to perform: firehose:PutRecord on resource: ${STREAM} ${reason}`,
  });
});

it("asks once for the same question within two seconds", async () => {
  const { decide, subject, pass } = authorizer("Allow");
  await subject.authorize(ROLE, "firehose:PutRecord", STREAM);
  pass(1999);
  await subject.authorize(ROLE, "firehose:PutRecord", STREAM);
  expect(decide.mock.calls).toEqual([["ASIAKEY", "firehose:PutRecord", STREAM, "127.0.0.1"]]);
  pass(1);
  await subject.authorize(ROLE, "firehose:PutRecord", STREAM);
  expect(decide).toHaveBeenCalledTimes(2);
});

it("asks for every action and resource by itself", async () => {
  const { decide, subject } = authorizer("Allow");
  await subject.authorize(ROLE, "firehose:PutRecord", STREAM);
  await subject.authorize(ROLE, "firehose:PutRecordBatch", STREAM);
  await subject.authorize(ROLE, "firehose:PutRecord", `${STREAM}2`);
  expect(decide).toHaveBeenCalledTimes(3);
});

it("asks again at once when policies may have changed", async () => {
  const { decide, subject } = authorizer("Allow");
  await subject.authorize(ROLE, "firehose:PutRecord", STREAM);
  subject.forget();
  await subject.authorize(ROLE, "firehose:PutRecord", STREAM);
  expect(decide).toHaveBeenCalledTimes(2);
});

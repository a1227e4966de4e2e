import { trusts } from "../../../local/gateway/trust";

const SOURCE = "arn:aws:firehose:eu-central-1:000000000000:deliverystream/raw";
const question = {
  principal: "firehose.amazonaws.com",
  context: { "aws:sourceaccount": "000000000000", "aws:sourcearn": SOURCE },
};

const statement = (changed: object = {}) => ({
  Effect: "Allow",
  Principal: { Service: "firehose.amazonaws.com" },
  Action: "sts:AssumeRole",
  ...changed,
});
const ask = (...statements: object[]) =>
  trusts(JSON.stringify({ Version: "2012-10-17", Statement: statements }), question);

it.each([
  ["names it", statement()],
  ["names it among others", statement({ Principal: { Service: ["lambda.amazonaws.com", "firehose.amazonaws.com"] } })],
  ["allows all of STS", statement({ Action: ["sts:*"] })],
  ["asks for this account", statement({ Condition: { StringEquals: { "aws:SourceAccount": "000000000000" } } })],
  [
    "asks for this source by a pattern",
    statement({ Condition: { ArnLike: { "AWS:SourceArn": `${SOURCE.slice(0, -3)}*` } } }),
  ],
  ["asks that another source be not it", statement({ Condition: { ArnNotEquals: { "aws:SourceArn": `${SOURCE}2` } } })],
  ["asks for a key only if it is there", statement({ Condition: { StringEqualsIfExists: { "sts:ExternalId": "x" } } })],
  ["asks that a key be absent", statement({ Condition: { Null: { "sts:ExternalId": "true" } } })],
])("a role admits the service when its policy %s", (_, one) => {
  expect(ask(one)).toBe(true);
});

it.each([
  ["names another service", statement({ Principal: { Service: "lambda.amazonaws.com" } })],
  ["names an account only", statement({ Principal: { AWS: "arn:aws:iam::000000000000:root" } })],
  ["allows another action", statement({ Action: "sts:TagSession" })],
  ["denies it", statement({ Effect: "Deny" })],
  ["asks for another account", statement({ Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } } })],
  ["asks for another source", statement({ Condition: { ArnEquals: { "aws:SourceArn": `${SOURCE}2` } } })],
  [
    "asks for a key that the service does not give",
    statement({ Condition: { StringEquals: { "sts:ExternalId": "x" } } }),
  ],
  [
    "asks what we cannot answer",
    statement({ Condition: { DateLessThan: { "aws:CurrentTime": "2099-01-01T00:00:00Z" } } }),
  ],
  [
    "meets one of two conditions",
    statement({
      Condition: {
        StringEquals: { "aws:SourceAccount": "000000000000" },
        ArnLike: { "aws:SourceArn": "arn:aws:s3:::*" },
      },
    }),
  ],
])("a role does not admit the service when its policy %s", (_, one) => {
  expect(ask(one)).toBe(false);
});

it("a deny outweighs an allow, in any order", () => {
  expect(ask(statement(), statement({ Effect: "Deny" }))).toBe(false);
  expect(ask(statement({ Effect: "Deny" }), statement())).toBe(false);
});

it("a policy with one statement outside a list is read", () => {
  expect(trusts(JSON.stringify({ Statement: statement() }), question)).toBe(true);
});

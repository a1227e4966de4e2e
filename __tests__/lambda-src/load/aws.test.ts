import { type AttributeValue, ConditionalCheckFailedException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { dynamodbLedger, readEntries } from "../../../lambda-src/load/dynamodb-ledger";
import type { Entry } from "../../../lambda-src/load/entry";
import { s3Objects } from "../../../lambda-src/load/s3-objects";
import { listVersions } from "../../../lambda-src/load/s3-versions";

interface Call {
  readonly name: string;
  readonly input: Record<string, unknown> & { readonly Body?: string; readonly RequestItems?: Asked };
}
type Asked = Record<string, { readonly Keys: readonly unknown[] }>;
let calls: Call[];

/** A client that answers with what is given, in order, and keeps what it was asked. */
function client<T>(...answers: (object | Error)[]): T {
  calls = [];
  return {
    send: async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
      calls.push({ name: command.constructor.name.replace("Command", ""), input: command.input });
      const answer = answers.shift() ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as T;
}
const status = (httpStatusCode: number) => Object.assign(new Error("s3"), { $metadata: { httpStatusCode } });

const ENTRY: Entry = {
  object: "files/kpis/a.csv",
  version: "v1",
  state: "rejected",
  table: "kpis",
  bytes: 5,
  sequencer: "00AB",
  hour: "2026-11-21T08",
  reason: { text: "Invalid digit", line: 3, column: "value" },
  rejectedAt: "2026-11-21T08:30:00.000Z",
};
const ITEM = {
  object: { S: "files/kpis/a.csv" },
  version: { S: "v1" },
  state: { S: "rejected" },
  table: { S: "kpis" },
  bytes: { N: "5" },
  sequencer: { S: "00AB" },
  hour: { S: "2026-11-21T08" },
  reason: { M: { text: { S: "Invalid digit" }, line: { N: "3" }, column: { S: "value" } } },
  rejectedAt: { S: "2026-11-21T08:30:00.000Z" },
};
const CLAIM: Entry = {
  object: "o",
  version: "v",
  state: "loading",
  table: "kpis",
  bytes: 1,
  loadId: "L",
  owner: "w",
  leaseUntil: 7,
};
const CLAIM_ITEM = {
  object: { S: "o" },
  version: { S: "v" },
  state: { S: "loading" },
  table: { S: "kpis" },
  bytes: { N: "1" },
  loadId: { S: "L" },
  owner: { S: "w" },
  leaseUntil: { N: "7" },
};
const refused = (Item?: Record<string, AttributeValue>) =>
  new ConditionalCheckFailedException({ $metadata: {}, message: "no", ...(Item ? { Item } : {}) });

describe("the ledger on DynamoDB", () => {
  it("reads every page of an object's versions, strongly", async () => {
    const key = { object: { S: "x" } };
    const ledger = dynamodbLedger(
      client<DynamoDBClient>({ Items: [ITEM], LastEvaluatedKey: key }, { Items: [CLAIM_ITEM] }),
      "ledger",
    );
    expect(await ledger.versionsOf("files/kpis/a.csv")).toEqual([ENTRY, CLAIM]);
    expect(calls.map(({ name, input }) => [name, input.ConsistentRead, input.ExclusiveStartKey])).toEqual([
      ["Query", true, undefined],
      ["Query", true, key],
    ]);
  });

  it("puts an entry where nothing is, under that condition", async () => {
    expect(await dynamodbLedger(client<DynamoDBClient>(), "ledger").swap(undefined, ENTRY)).toBe(true);
    expect(calls).toEqual([
      {
        name: "PutItem",
        input: {
          TableName: "ledger",
          Item: ITEM,
          ConditionExpression: "attribute_not_exists(#object)",
          ExpressionAttributeNames: { "#object": "object" },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
    ]);
  });

  it("replaces an entry under the condition that state, load and lease are those that were seen", async () => {
    await dynamodbLedger(client<DynamoDBClient>(), "ledger").swap(CLAIM, ENTRY);
    expect(calls[0]!.input).toMatchObject({
      ConditionExpression: "#state = :state AND loadId = :loadId AND leaseUntil = :leaseUntil",
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: { ":state": { S: "loading" }, ":loadId": { S: "L" }, ":leaseUntil": { N: "7" } },
    });
    await dynamodbLedger(client<DynamoDBClient>(), "ledger").swap(ENTRY, CLAIM);
    expect(calls[0]!.input.ConditionExpression).toBe(
      "#state = :state AND attribute_not_exists(loadId) AND attribute_not_exists(leaseUntil)",
    );
  });

  it("is refused when another entry is there, and when none is", async () => {
    const other = { ...CLAIM_ITEM, loadId: { S: "M" } };
    expect(await dynamodbLedger(client<DynamoDBClient>(refused(other)), "ledger").swap(undefined, CLAIM)).toBe(false);
    expect(await dynamodbLedger(client<DynamoDBClient>(refused()), "ledger").swap(ENTRY, CLAIM)).toBe(false);
  });

  it("knows its own write when the SDK sent it twice", async () => {
    expect(await dynamodbLedger(client<DynamoDBClient>(refused(CLAIM_ITEM)), "ledger").swap(undefined, CLAIM)).toBe(
      true,
    );
  });

  it("is no answer when it is throttled", async () => {
    const throttled = dynamodbLedger(client<DynamoDBClient>(new Error("throttled")), "ledger");
    await expect(throttled.swap(undefined, CLAIM)).rejects.toThrow("throttled");
  });

  it("reads 100 entries a call, and again those that were left out of the answer", async () => {
    const keys = Array.from({ length: 150 }, (_, n) => ({ object: `o${n}`, version: "v" }));
    const left = { object: { S: "o1" }, version: { S: "v" } };
    const dynamodb = client<DynamoDBClient>(
      { Responses: { ledger: [ITEM] }, UnprocessedKeys: { ledger: { Keys: [left] } } },
      { Responses: { ledger: [CLAIM_ITEM] } },
      { Responses: { ledger: [] } },
    );
    expect(await readEntries(dynamodb, "ledger", keys)).toEqual([ENTRY, CLAIM]);
    expect(calls.map(({ input }) => input.RequestItems?.ledger?.Keys.length)).toEqual([100, 1, 50]);
  });
});

describe("the bucket on S3", () => {
  it("tells the version and time of an object, newest or named", async () => {
    const modified = new Date();
    const objects = s3Objects(client<S3Client>({ VersionId: "v1", LastModified: modified }), "files");
    expect(await objects.head("kpis/a b.csv", "v1")).toEqual({ version: "v1", modified });
    expect(calls).toEqual([{ name: "HeadObject", input: { Bucket: "files", Key: "kpis/a b.csv", VersionId: "v1" } }]);
  });

  it.each([404, 405])("has no object where S3 answers %s", async (code) => {
    expect(await s3Objects(client<S3Client>(status(code)), "files").head("k", "v")).toBeUndefined();
  });

  it.each([400, 403, 503])("knows nothing when S3 answers %s", async (code) => {
    await expect(s3Objects(client<S3Client>(status(code)), "files").head("k")).rejects.toThrow(
      `S3 answers ${code} to HEAD of "k"`,
    );
  });

  it("has a load's manifest under the loader's own prefix, keys as JSON has them", async () => {
    const file = { bucket: "files", key: `kpis/"a" Ω.csv`, version: "v", bytes: 5, table: "kpis", hour: "" };
    expect(await s3Objects(client<S3Client>(), "files").writeManifest("L", [file])).toBe(
      "s3://files/.redstream/manifests/L",
    );
    expect(calls[0]!.input).toMatchObject({ Bucket: "files", Key: ".redstream/manifests/L" });
    expect(JSON.parse(calls[0]!.input.Body!)).toEqual({
      entries: [{ url: `s3://files/kpis/"a" Ω.csv`, mandatory: true, meta: { content_length: 5 } }],
    });
  });

  it("lists versions page by page, with keys that XML cannot hold", async () => {
    const modified = new Date();
    const Version = { Key: "kpis/a+b%2Bc%01.csv", VersionId: "v1", Size: 5, LastModified: modified, IsLatest: true };
    const page = {
      Versions: [
        {
          ...Version,
          StorageClass: "GLACIER",
          RestoreStatus: { IsRestoreInProgress: false, RestoreExpiryDate: modified },
        },
      ],
      IsTruncated: true,
      NextKeyMarker: "kpis/a+b",
      NextVersionIdMarker: "v1",
    };
    const found = await listVersions(client<S3Client>(page), "files", { keyMarker: "k", versionIdMarker: "" }, "kpis/");
    expect(found).toEqual({
      versions: [
        {
          key: "kpis/a b+c\u0001.csv",
          version: "v1",
          bytes: 5,
          modified,
          latest: true,
          storageClass: "GLACIER",
          restored: true,
        },
      ],
      next: { keyMarker: "kpis/a b", versionIdMarker: "v1" },
    });
    expect(calls[0]!.input).toEqual({
      Bucket: "files",
      Prefix: "kpis/",
      MaxKeys: 1000,
      EncodingType: "url",
      OptionalObjectAttributes: ["RestoreStatus"],
      KeyMarker: "k",
      VersionIdMarker: undefined,
    });
  });
});

import { readFileSync } from "node:fs";
import * as path from "node:path";
import {
  APIGatewayClient,
  GetApiKeyCommand,
  GetUsagePlansCommand,
  UpdateUsagePlanCommand,
} from "@aws-sdk/client-api-gateway";
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { Connections, type EmitAuth, emit, emitAuthOf, telemetryRecords } from "../../cli/emit";
import { TEST_KEYS } from "../../local/setup/environment";
import { Applied, changesOf } from "./support/applied";
import { SMALL_API, synthesizeApis } from "./support/small-api";

jest.setTimeout(600_000);

const ORIGIN = "https://app.example.com";

let applied: Applied;
let outputs: Readonly<Record<string, string>>;
let kinesis: KinesisClient;

const from = synthesizeApis({
  signed: { allowedOrigin: ORIGIN },
  keyed: { auth: "apiKey", keyRequestsPerDay: 1000 },
  tokens: { auth: "cognito", allowedOrigin: ORIGIN },
});

beforeAll(async () => {
  applied = await Applied.start(SMALL_API, 60);
  await applied.apply(from);
  outputs = applied.outputs as unknown as Record<string, string>;
  kinesis = new KinesisClient(applied.gateway.aws.internal);
});
afterAll(async () => {
  kinesis?.destroy();
  await applied?.stop();
});

/** Outputs of one API, as those of a pipeline stack are named. */
const outputsOf = (api: string) =>
  Object.fromEntries(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith(`${api}_`) ? [[name.slice(api.length + 1), value]] : [],
    ),
  );
const authOf = (api: string): Promise<EmitAuth> => {
  const { aws, endpoint } = applied.gateway;
  return emitAuthOf(outputsOf(api), { region: aws.region, endpoint, credentials: TEST_KEYS });
};

/** One request to an API, by hand; answers status, headers of the answer and text. */
async function send(
  api: string,
  { method = "POST", resource = "/records", headers = {} as Record<string, string>, body = '{"a":1}' } = {},
) {
  const url = new URL(outputs[`${api}_api_url`]!);
  const answer = await fetchFrom(applied.gateway.endpoint, {
    method,
    path: `${url.pathname}${resource}`,
    headers: { host: url.host, "content-length": String(Buffer.byteLength(body)), ...headers },
    body,
  });
  return answer;
}

async function fetchFrom(endpoint: string, request: Parameters<Connections["send"]>[0]) {
  const connections = new Connections(new URL(endpoint), 1);
  try {
    return await connections.send(request);
  } finally {
    connections.close();
  }
}

/** Everything on the stream, as text. */
async function recordsOnStream(): Promise<string[]> {
  const StreamName = outputs.stream_name!;
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const records: string[] = [];
  for (const { ShardId } of Shards) {
    let { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    for (;;) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
      if (!page.Records?.length) break;
      records.push(...page.Records.map(({ Data }) => Buffer.from(Data!).toString("utf8")));
      ShardIterator = page.NextShardIterator;
    }
  }
  return records;
}

describe("an API before a stream", () => {
  it("shows no change at a second plan, whatever its callers show", async () => {
    const { terraform } = applied.take(from);
    await terraform.init();
    expect(changesOf(await terraform.plan())).toEqual([]);
  });

  it.each(["signed", "keyed", "tokens"])("takes what its callers send, one by one and in batches: %s", async (api) => {
    const before = (await recordsOnStream()).length;
    const auth = await authOf(api);
    const common = { url: outputs[`${api}_api_url`]!, endpoint: applied.gateway.endpoint, auth, seed: 7 };
    await expect(emit({ ...common, records: 20 })).resolves.toMatchObject({ accepted: 20, retried: 0 });
    await expect(emit({ ...common, records: 1100, batch: 500 })).resolves.toMatchObject({ accepted: 1100, retried: 0 });
    const after = await recordsOnStream();
    const generator = telemetryRecords(7);
    const sent = Array.from({ length: 1100 }, () => `${JSON.stringify(generator.next().value)}\n`);
    expect(after.length - before).toBe(1120);
    expect(new Set(after)).toEqual(new Set(sent));
  });

  it("shows no secret of its callers in an output", async () => {
    const keyed = await authOf("keyed");
    const secrets = [keyed.kind === "apiKey" ? keyed.key : ""];
    expect(secrets[0]).toMatch(/^\w{20,}$/);
    expect(Object.keys(outputs).sort()).toEqual([
      ...["api_auth", "api_key_id", "api_url"].map((name) => `keyed_${name}`),
      ...["api_auth", "api_url"].map((name) => `signed_${name}`),
      "stream_name",
      ...["api_auth", "api_url", "token_url", "user_pool_client_id", "user_pool_id"].map((name) => `tokens_${name}`),
    ]);
    for (const value of Object.values(outputs)) expect(secrets).not.toContain(value);
  });

  it("writes an access log without the records", async () => {
    const id = new URL(outputs.keyed_api_url!).hostname.split(".")[0];
    const file = path.join(applied.gateway.aws.folder, "execute-api", `access-${id}-live.log`);
    const lines = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      method: "POST",
      resource: "/records",
      status: "200",
      apiKeyId: outputs.keyed_api_key_id,
    });
    expect(readFileSync(file, "utf8")).not.toContain("speed");
  });
});

describe("who may not call", () => {
  it.each([
    ["keyed", {}, 403, '{"message":"Forbidden"}'],
    ["keyed", { "x-api-key": "guessed-guessed-guessed" }, 403, '{"message":"Forbidden"}'],
    ["tokens", {}, 401, '{"message":"Unauthorized"}'],
    ["tokens", { authorization: "Bearer a.b.c" }, 401, '{"message":"Unauthorized"}'],
    ["signed", {}, 403, '{"message":"Missing Authentication Token"}'],
  ])("is told so: %s with %j", async (api, headers, status, text) => {
    expect(await send(api, { headers })).toMatchObject({ status, text });
  });

  it("is a token whose claims were changed", async () => {
    const auth = await authOf("tokens");
    if (auth.kind !== "cognito") throw new Error("no tokens");
    const [head, body, signature] = (await auth.token()).split(".");
    const claims = JSON.parse(Buffer.from(body!, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1 })).toString("base64url");
    const tell = (token: string) => send("tokens", { headers: { authorization: token } });
    expect(await tell(`${head}.${forged}.${signature}`)).toMatchObject({ status: 401 });
    expect(await tell(`${head}.${body}.${signature}`)).toMatchObject({ status: 200 });
  });
});

describe("a batch", () => {
  const key = async () => {
    const auth = await authOf("keyed");
    return { "x-api-key": auth.kind === "apiKey" ? auth.key : "" };
  };

  it("keeps the text of its records, numbers as they came, each on a line of its own", async () => {
    const body = '[ {"n":1.50,"e":1e400,"l":12345678901234567890} ,\n {"s":"},{","a":[{"b":1.0},{}]} ]';
    const answer = await send("keyed", { resource: "/records/batch", headers: await key(), body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      FailedPutCount: 0,
      Encrypted: true,
      RequestResponses: [{ RecordId: expect.stringMatching(/^\d+$/) }, { RecordId: expect.stringMatching(/^\d+$/) }],
    });
    const records = await recordsOnStream();
    expect(records).toContain('{"n":1.50,"e":1e400,"l":12345678901234567890}\n');
    expect(records).toContain('{"s":"},{","a":[{"b":1.0},{}]}\n');
  });

  it.each([
    ["more than 500", JSON.stringify(Array.from({ length: 501 }, () => ({ a: 1 })))],
    ["none", "[]"],
    ["no JSON", '[{"a":1}'],
    ["an empty record", '[{"a":1},{}]'],
    ["a number", "[1]"],
  ])("of %s is a 400, and nothing of it is taken", async (_, body) => {
    const before = (await recordsOnStream()).length;
    expect(await send("keyed", { resource: "/records/batch", headers: await key(), body })).toMatchObject({
      status: 400,
      text: '{"message":"Invalid request body"}',
    });
    expect((await recordsOnStream()).length).toBe(before);
  });
});

describe("what is too large", () => {
  it.each([
    ["for the stream", 1.5, '{"message":"The stream takes no record this large"'],
    ["for API Gateway", 10.5, '{"message":"Request Too Long"}'],
  ])("%s is a 413", async (_, megabytes, begin) => {
    const auth = await authOf("keyed");
    const headers = { "x-api-key": auth.kind === "apiKey" ? auth.key : "" };
    const body = JSON.stringify({ a: "x".repeat(megabytes * 1024 * 1024) });
    const answer = await send("keyed", { headers, body });
    expect(answer.status).toBe(413);
    expect(answer.text.startsWith(begin)).toBe(true);
  });
});

describe("pages of another origin", () => {
  it("may ask before they call, without a signature or a token", async () => {
    for (const api of ["signed", "tokens"]) {
      const answer = await send(api, { method: "OPTIONS", headers: { origin: ORIGIN }, body: "" });
      expect(answer).toMatchObject({ status: 204, text: "" });
      expect(answer.headers["access-control-allow-origin"]).toBe(ORIGIN);
      expect(answer.headers["access-control-allow-methods"]).toBe("OPTIONS,POST");
    }
  });

  it("can read refusals too", async () => {
    const answer = await send("tokens", { headers: { origin: ORIGIN } });
    expect(answer.status).toBe(401);
    expect(answer.headers["access-control-allow-origin"]).toBe(ORIGIN);
  });

  it("may not where the API has no origin", async () => {
    expect(await send("keyed", { method: "OPTIONS", body: "" })).toMatchObject({ status: 403 });
  });
});

describe("a key that has used up its day", () => {
  it("is told so", async () => {
    const client = new APIGatewayClient(applied.gateway.aws.internal);
    const key = await client.send(new GetApiKeyCommand({ apiKey: outputs.keyed_api_key_id!, includeValue: true }));
    const { items: [plan] = [] } = await client.send(new GetUsagePlansCommand({}));
    const patchOperations = [{ op: "replace" as const, path: "/quota/limit", value: "1" }];
    await client.send(new UpdateUsagePlanCommand({ usagePlanId: plan!.id!, patchOperations }));
    // A changed plan is seen within a second.
    let answer = await send("keyed", { headers: { "x-api-key": key.value! } });
    while (answer.status === 200) answer = await send("keyed", { headers: { "x-api-key": key.value! } });
    expect(answer).toMatchObject({ status: 429, text: '{"message":"Limit Exceeded"}' });
    client.destroy();
  });
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type EmitOptions, emit, telemetryRecords } from "../../../cli/emit";

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}
type Answer = (seen: Seen, response: ServerResponse, n: number) => void;

let server: Server;
let seen: Seen[];
let answer: Answer;
const ok: Answer = (_, response) => response.end("{}");
const status =
  (code: number, headers = {}) =>
  (_: Seen, response: ServerResponse) => {
    response.writeHead(code, headers);
    response.end("why");
  };

beforeEach(async () => {
  seen = [];
  answer = ok;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const one = { request, body: Buffer.concat(chunks).toString() };
      answer(one, response, seen.push(one));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Waits nowhere, and keeps what it was asked to wait. */
const waits: number[] = [];
beforeEach(() => void waits.splice(0));
const timer = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const minimal = (over: Partial<EmitOptions> = {}) =>
  emit({
    url: "https://abc123.execute-api.eu-west-1.amazonaws.com/live",
    endpoint: endpoint(),
    auth: { kind: "none" },
    records: 1,
    timer,
    ...over,
  });

describe("emit", () => {
  it("posts each record of the seed once, as one JSON document", async () => {
    const result = await minimal({ records: 50, seed: 7, concurrency: 4 });
    const expected = telemetryRecords(7);
    const wanted = Array.from({ length: 50 }, () => JSON.stringify(expected.next().value));
    expect(seen.map(({ body }) => body).sort()).toEqual(wanted.sort());
    expect(result).toMatchObject({ sent: 50, accepted: 50, refused: 0, lost: 0, retried: 0, unknown: 0 });
  });

  it("goes to the endpoint with the API's own host name", async () => {
    await minimal();
    expect(seen[0]?.request).toMatchObject({
      method: "POST",
      url: "/live/records",
      headers: expect.objectContaining({
        host: "abc123.execute-api.eu-west-1.amazonaws.com",
        "content-type": "application/json",
      }),
    });
  });

  it("signs for execute-api and the API's own host name", async () => {
    const credentials = { accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "ST" };
    await minimal({ auth: { kind: "iam", region: "eu-west-1", credentials } });
    const { headers } = seen[0]!.request;
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-west-1\/execute-api\/aws4_request, /,
    );
    expect(headers.authorization).toMatch(/SignedHeaders=[a-z0-9;-]*host;/);
    expect(headers["x-amz-security-token"]).toBe("ST");
  });

  it("keeps its connections", async () => {
    const ports = new Set<number | undefined>();
    answer = (one, response) => {
      ports.add(one.request.socket.remotePort);
      response.end();
    };
    await minimal({ records: 40, concurrency: 2 });
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it("tries a throttled record again, and counts no duplicate for it", async () => {
    answer = (one, response, n) => (n < 3 ? status(429)(one, response) : ok(one, response, n));
    expect(await minimal()).toMatchObject({ sent: 1, accepted: 1, retried: 2, lost: 0, unknown: 0 });
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  it("waits as long as the API asks for", async () => {
    answer = (one, response, n) =>
      n === 1 ? status(429, { "retry-after": "7" })(one, response) : ok(one, response, n);
    await minimal();
    expect(waits).toEqual([7000]);
  });

  it("tries again after a 5xx, which may have been taken", async () => {
    answer = (one, response, n) => (n === 1 ? status(502)(one, response) : ok(one, response, n));
    expect(await minimal()).toMatchObject({ accepted: 1, retried: 1, unknown: 1 });
  });

  it("tries again after a cut connection, which may have been taken", async () => {
    answer = (one, response, n) => (n === 1 ? void one.request.socket.destroy() : ok(one, response, n));
    expect(await minimal()).toMatchObject({ accepted: 1, retried: 1, unknown: 1 });
  });

  it("does not take half an answer for a whole one", async () => {
    answer = (one, response, n) => {
      if (n > 1) return ok(one, response, n);
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      setImmediate(() => one.request.socket.destroy());
    };
    expect(await minimal()).toMatchObject({ accepted: 1, retried: 1, unknown: 1 });
  });

  it("does not try a refused record again", async () => {
    answer = status(400);
    expect(await minimal({ records: 2 })).toMatchObject({
      refused: 2,
      retried: 0,
      lost: 0,
      refusedByStatus: { 400: 2 },
      firstFailure: "refused with 400: why",
    });
  });

  it("counts a record lost only after its last try", async () => {
    answer = status(503);
    expect(await minimal({ attempts: 3 })).toMatchObject({
      accepted: 0,
      lost: 1,
      retried: 2,
      unknown: 3,
      firstFailure: "lost after 3 tries: answered with 503: why",
    });
  });

  it("counts no duplicate for a connection that never came about", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    expect(await minimal({ endpoint: `http://127.0.0.1:${port}`, attempts: 2 })).toMatchObject({ lost: 1, unknown: 0 });
  });

  it("begins nothing new once it is aborted, and accounts for all it began", async () => {
    const abort = new AbortController();
    answer = (one, response, n) => {
      if (n === 3) abort.abort();
      ok(one, response, n);
    };
    const result = await minimal({ records: 1000, concurrency: 1, signal: abort.signal });
    expect(result).toMatchObject({ sent: 3, accepted: 3, lost: 0 });
  });

  it("says at the end how far it came", async () => {
    const reports: number[] = [];
    await minimal({ records: 3, onProgress: ({ accepted }) => reports.push(accepted) });
    expect(reports.at(-1)).toBe(3);
  });

  it("sends an API key, or a token, where the API asks for one", async () => {
    await minimal({ auth: { kind: "apiKey", key: "k" } });
    await minimal({ auth: { kind: "cognito", token: async () => "t" } });
    expect(seen.map(({ request: { headers } }) => [headers["x-api-key"], headers.authorization])).toEqual([
      ["k", undefined],
      [undefined, "Bearer t"],
    ]);
  });

  it.each([
    [{ batch: 0 }, "batch must be a whole number between 1 and 500, got 0"],
    [{ batch: 501 }, "batch must be a whole number between 1 and 500, got 501"],
    [{ records: 0 }, "records must be a whole number between 1 and 1000000000, got 0"],
    [{ rate: -1 }, "rate must be between 0 and 100000, got -1"],
    [{ seed: 1.5 }, "seed must be a whole number between 0 and 4294967295, got 1.5"],
    [{ concurrency: 1001 }, "concurrency must be a whole number between 1 and 1000, got 1001"],
    [{ attempts: 0 }, "attempts must be a whole number between 1 and 100, got 0"],
    [{ url: "abc" }, 'url must be an http or https URL, got "abc"'],
    [{ endpoint: "ftp://x" }, 'endpoint must be an http or https URL, got "ftp://x"'],
  ])("refuses %j", async (over, message) => {
    await expect(minimal(over)).rejects.toThrow(message);
  });
});

describe("emit in batches", () => {
  /** A 207 whose results at these places are failures. */
  const part =
    (...failed: number[]): Answer =>
    ({ body }, response) => {
      const results = (JSON.parse(body) as unknown[]).map((_, place) =>
        failed.includes(place) ? { ErrorCode: "ProvisionedThroughputExceededException" } : { RecordId: "1" },
      );
      response.writeHead(207);
      response.end(JSON.stringify({ FailedPutCount: failed.length, RequestResponses: results }));
    };

  it("sends the records of the seed, in their order, as lists of at most so many", async () => {
    const result = await minimal({ records: 25, batch: 10, concurrency: 1, seed: 7 });
    expect(seen.map(({ request }) => request.url)).toEqual(Array(3).fill("/live/records/batch"));
    const expected = telemetryRecords(7);
    const wanted = Array.from({ length: 25 }, () => JSON.stringify(expected.next().value));
    expect(seen.map(({ body }) => body)).toEqual([
      `[${wanted.slice(0, 10)}]`,
      `[${wanted.slice(10, 20)}]`,
      `[${wanted.slice(20)}]`,
    ]);
    expect(result).toMatchObject({ sent: 25, accepted: 25, retried: 0 });
  });

  it("sends only what was not taken again, as it was and in its order", async () => {
    answer = (one, response, n) => (n === 1 ? part(1, 3)(one, response, n) : ok(one, response, n));
    const result = await minimal({ records: 5, batch: 5 });
    const first: string[] = seen[0]!.body.slice(1, -1).split(/(?<=\}),(?=\{"speed")/);
    expect(seen[1]!.body).toBe(`[${first[1]},${first[3]}]`);
    expect(result).toMatchObject({ sent: 5, accepted: 5, retried: 2, lost: 0, unknown: 0 });
  });

  it("counts lost only the records that were never taken", async () => {
    answer = (one, response, n) => (n === 1 ? part(0, 2) : part(0))(one, response, n);
    await expect(minimal({ records: 3, batch: 3, attempts: 2 })).resolves.toMatchObject({
      accepted: 2,
      lost: 1,
      retried: 2,
      unknown: 0,
      firstFailure:
        "lost after 2 tries: 1 of 2 records of a batch were not taken: ProvisionedThroughputExceededException",
    });
  });

  it("counts every record of a batch whose answer was cut as one that may be there twice", async () => {
    answer = (one, response, n) => (n === 1 ? void one.request.socket.destroy() : ok(one, response, n));
    await expect(minimal({ records: 4, batch: 4 })).resolves.toMatchObject({ accepted: 4, retried: 4, unknown: 4 });
  });

  it.each(["", "{}", '{"RequestResponses":[{}]}'])("does not guess what the 207 %j took", async (text) => {
    answer = (one, response, n) => {
      if (n > 1) return ok(one, response, n);
      response.writeHead(207);
      response.end(text);
    };
    await expect(minimal({ records: 2, batch: 2 })).resolves.toMatchObject({ accepted: 2, retried: 2, unknown: 2 });
  });

  it("counts every record of a refused batch", async () => {
    answer = status(400);
    await expect(minimal({ records: 3, batch: 2 })).resolves.toMatchObject({
      refused: 3,
      refusedByStatus: { 400: 3 },
    });
  });
});

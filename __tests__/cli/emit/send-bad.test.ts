import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BAD_KINDS, keyOf, sendBad } from "../../../cli/emit";

/** What came in, by entry, and what is answered: of the API by its next status, of the stream by the size of the record. */
let server: Server;
let toApi: { readonly method: string; readonly path: string; readonly body: Buffer }[];
let toStream: Buffer[];
let statuses: number[];
beforeEach(async () => {
  [toApi, toStream, statuses] = [[], [], []];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (request.headers["x-amz-target"] === "Kinesis_20131202.PutRecord") {
      const data = Buffer.from(JSON.parse(body.toString()).Data, "base64");
      toStream.push(data);
      const large = data.length > 1024 * 1024;
      const refusal = { __type: "ValidationException", message: "too large" };
      response.writeHead(large ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(large ? refusal : { ShardId: "s", SequenceNumber: "1" }));
      return;
    }
    toApi.push({ method: request.method!, path: request.url!, body });
    response.writeHead(statuses.shift() ?? 200).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const send = (over: Partial<Parameters<typeof sendBad>[0]> = {}) => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return sendBad({
    ...{ url: `${endpoint}/live`, endpoint, region: "us-east-1", auth: { kind: "none" }, records: 1, seed: 1 },
    ...{ credentials: { accessKeyId: "test", secretAccessKey: "test" }, dataStream: "s", deliveryStream: "d" },
    signal: new AbortController().signal,
    ...over,
  });
};
const bytesOf = ({ path, body }: (typeof toApi)[number]) =>
  path === "/live/streams" ? Buffer.from(JSON.parse(body.toString()).Record.Data, "base64") : body;

describe("bad records", () => {
  it("go at least once a kind by each entry, however few are asked for", async () => {
    const { answers } = await send();
    expect(answers.map(({ count }) => count)).toEqual(Array(2 * BAD_KINDS.length).fill(1));
    expect([toApi.length, toStream.length]).toEqual([BAD_KINDS.length, BAD_KINDS.length]);
  });

  it("go by PUT /streams where they are no text, and as they are by POST /records", async () => {
    await send();
    const ways = toApi.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(ways)).toEqual(new Set(["POST /live/records", "PUT /live/streams"]));
    const put = toApi.find(({ method }) => method === "PUT")!;
    expect(bytesOf(put).includes(Buffer.from([0xc3, 0x28]))).toBe(true);
  });

  it("are remembered as they must be found: those taken by the API with the newline that it adds", async () => {
    const { rejected, arriving, unreadable } = await send();
    // This API and this stream take what they should refuse, but for 2 MB on the stream; what is odd arrives.
    const odd = BAD_KINDS.filter(({ fate }) => fate.API.kind === "arrives").length;
    const bad = BAD_KINDS.length - odd;
    expect([arriving.length, unreadable]).toEqual([2 * odd, 6]);
    const expected = new Set([
      ...toApi.map((post) => keyOf(Buffer.concat([bytesOf(post), Buffer.from("\n")]))),
      ...toStream.map(keyOf),
    ]);
    expect([...rejected.keys()].every((key) => expected.has(key))).toBe(true);
    expect([...rejected.values()].reduce((sum, { count }) => sum + count, 0)).toBe(2 * bad - 1);
  });

  it("are tried again after a throttle and a fault, and only the fault may have been taken", async () => {
    statuses = [429, 502];
    const { answers, unknown } = await send();
    expect(answers.filter(({ entry, answer }) => entry === "API" && answer !== "taken")).toEqual([]);
    expect([toApi.length, unknown]).toEqual([BAD_KINDS.length + 2, 1]);
  });

  it("that are refused are not tried again, and the status is told", async () => {
    statuses = BAD_KINDS.map(() => 413);
    const { answers, unknown } = await send();
    const api = answers.filter(({ entry }) => entry === "API").map(({ answer }) => answer);
    expect([new Set(api), toApi.length, unknown]).toEqual([new Set([413]), BAD_KINDS.length, 0]);
  });
});

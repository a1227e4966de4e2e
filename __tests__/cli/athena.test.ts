import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { namedQueries, namedQuery, runQuery } from "../../cli/athena";
import type { AwsError, Service } from "../../local/gateway/types";
import { type JsonCaller, jsonCall } from "../../local/json-call";
import { createAthena } from "../../local/services/athena";
import { FakeAws, ROOT } from "../local/services/athena/fake-aws";

/** The command's calls, on the local Athena over HTTP. */
let fake: FakeAws;
let athena: Service;
let server: Server;
let caller: JsonCaller;
const seen: Record<string, unknown>[] = [];

beforeAll(async () => {
  fake = new FakeAws();
  athena = createAthena(await fake.listen());
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    seen.push(headers);
    const asked = { method: "POST", path: "/", query: new URLSearchParams(), headers, body: Buffer.concat(chunks) };
    try {
      const answer = await athena.handle({
        ...asked,
        service: "athena",
        region: "us-east-1",
        caller: ROOT,
        sourceIp: "",
      });
      response.end(answer.body);
    } catch (error) {
      const { code, message } = error as AwsError;
      response.writeHead(400).end(JSON.stringify({ __type: `com.amazonaws.athena#${code}`, Message: message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  caller = { endpoint, region: "us-east-1", credentials: { accessKeyId: "AKIA1", secretAccessKey: "s" } };
  await call("CreateWorkGroup", {
    Name: "wg",
    Configuration: { ResultConfiguration: { OutputLocation: "s3://results/" } },
  });
});
afterAll(async () => {
  await athena.close?.();
  server.closeAllConnections();
  server.close();
  await fake.close();
});

const call = (action: string, input: object) => jsonCall<object>(caller, "athena", `AmazonAthena.${action}`, input);
const name = (n: number) => `q${String(n).padStart(2, "0")}`;

describe("redstream athena", () => {
  it("finds every named query of the workgroup, page after page, by name", async () => {
    await expect(namedQuery(caller, "wg", "q01")).rejects.toThrow("wg has no named query q01; it has none");
    const all = Array.from({ length: 60 }, (_, n) => name(60 - n));
    const query = { Database: "lake", QueryString: "SELECT 1 AS x, NULL AS y", WorkGroup: "wg" };
    await Promise.all(all.map((Name) => call("CreateNamedQuery", { ...query, Name })));
    expect((await namedQueries(caller, "wg")).map(({ Name }) => Name)).toEqual([...all].sort());
    expect(await namedQuery(caller, "wg", "q07")).toMatchObject({
      Name: "q07",
      QueryString: "SELECT 1 AS x, NULL AS y",
    });
  });

  it("runs one and reads its whole result, over pages", async () => {
    const twelve = Array.from({ length: 12 }, (_, n) => `SELECT ${n} AS n`).join(" UNION ALL ");
    const wide = `WITH d AS (${twelve}) SELECT a.n FROM d a CROSS JOIN d b CROSS JOIN d c`;
    const run = (QueryString: string) => runQuery(caller, { QueryString, Database: "lake", WorkGroup: "wg" });
    const { columns, rows } = await run(wide);
    expect([columns, rows.length]).toEqual([["n"], 1728]);
    expect(await run("SELECT 1 AS x, CASE WHEN 1 = 2 THEN 3 END AS y")).toEqual({
      columns: ["x", "y"],
      rows: [["1", null]],
      location: expect.stringMatching(/^s3:\/\/results\/[0-9a-f-]+\.csv$/),
      scannedBytes: 0,
    });
  });

  it("says why a query did not succeed", async () => {
    const run = runQuery(caller, { QueryString: "SELECT uuid()", Database: "lake", WorkGroup: "wg" });
    await expect(run).rejects.toThrow("FAILED: function UUID is not carried by the local Athena");
  });

  it("signs for Athena, and says a refusal in the service's words", async () => {
    await expect(namedQueries(caller, "none")).rejects.toMatchObject({
      code: "InvalidRequestException",
      message: "WorkGroup none is not found.",
    });
    expect(seen.at(-1)?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIA1\/\d{8}\/us-east-1\/athena\/aws4_request/,
    );
  });
});

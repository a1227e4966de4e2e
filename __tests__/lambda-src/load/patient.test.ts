import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ExecuteStatementCommand, RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { patient } from "../../../lambda-src/load/patient";

/** A Data API that treats each call as told, then answers. */
type Treatment = "hangs" | "breaks" | "500" | "throttles" | "answers";
let server: Server;
let bodies: { ClientToken: string }[];

async function api(...treatments: Treatment[]): Promise<RedshiftDataClient> {
  bodies = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      const treatment = treatments.shift() ?? "answers";
      response.setHeader("content-type", "application/x-amz-json-1.1");
      if (treatment === "breaks") response.destroy();
      if (treatment === "500") response.writeHead(500).end('{"__type": "InternalServerException"}');
      if (treatment === "throttles") response.writeHead(400).end('{"__type": "ThrottlingException"}');
      if (treatment === "answers") response.end('{"Id": "s1"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new RedshiftDataClient({
    ...patient(200),
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
}
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it.each<Treatment>(["hangs", "breaks", "500", "throttles"])(
  "a statement whose call %s is sent again under the same token, so it runs once",
  async (treatment) => {
    const client = await api(treatment, treatment);
    const { Id } = await client.send(new ExecuteStatementCommand({ Database: "d", Sql: "SELECT 1", ClientToken: "t" }));
    client.destroy();
    expect(Id).toBe("s1");
    expect(bodies.map(({ ClientToken }) => ClientToken)).toEqual(["t", "t", "t"]);
  },
);

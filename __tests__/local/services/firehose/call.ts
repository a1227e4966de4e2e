import type { Service } from "../../../../local/gateway/types";

/** One call of the Firehose API, as the gateway hands it over. */
export async function callFirehose(service: Service, action: string, input: unknown = {}) {
  const response = await service.handle({
    method: "POST",
    path: "/",
    query: new URLSearchParams(),
    headers: { "x-amz-target": `Firehose_20150804.${action}` },
    body: Buffer.from(JSON.stringify(input)),
    service: "firehose",
    region: "us-east-1",
    caller: undefined,
    sourceIp: "127.0.0.1",
  });
  return JSON.parse(response.body.toString());
}

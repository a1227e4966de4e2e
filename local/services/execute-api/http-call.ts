import { Agent, request } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class CallTimeout extends Error {}

/** Connections to the one endpoint, kept open: a new one a record would run out of ports. */
export const createAgent = (): Agent => new Agent({ keepAlive: true, maxSockets: 64 });

/** POSTs `body` and reads the whole answer. */
export function post(
  agent: Agent,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent, headers: { ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        clearTimeout(timer);
        const pairs = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: answer.statusCode ?? 0,
          headers: Object.fromEntries(pairs),
          body: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    const timer = setTimeout(() => call.destroy(new CallTimeout()), timeoutMs);
    call.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    call.end(body);
  });
}

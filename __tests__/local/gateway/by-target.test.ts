import { byTarget } from "../../../local/gateway/by-target";
import type { AwsRequest, Service } from "../../../local/gateway/types";

const version = (body: string, waiting: number, closed: string[]): Service => ({
  names: ["analytics"],
  handle: async () => ({ status: 200, body }),
  pending: () => waiting,
  close: async () => void closed.push(body),
});
const request = (target?: string) =>
  ({ headers: target === undefined ? {} : { "x-amz-target": target } }) as unknown as AwsRequest;

describe("two versions of an API under one signing name", () => {
  const closed: string[] = [];
  const both = byTarget({ First: version("1", 2, closed), Second: version("2", 3, closed) });

  it("are one service to the gateway", async () => {
    expect(both.names).toEqual(["analytics"]);
    expect(both.pending?.()).toBe(5);
    await both.close?.();
    expect(closed).toEqual(["1", "2"]);
  });

  it("are told apart by X-Amz-Target", async () => {
    expect((await both.handle(request("First.Create"))).body).toBe("1");
    expect((await both.handle(request("Second.Create"))).body).toBe("2");
  });

  it.each([
    ["Third.Create", "Third"],
    [undefined, "none"],
  ])("refuse %s", async (target, got) => {
    await expect(both.handle(request(target))).rejects.toThrow(
      `X-Amz-Target must begin with one of First, Second, got ${got}`,
    );
  });
});

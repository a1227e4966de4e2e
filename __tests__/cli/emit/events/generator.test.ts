import { eventPairs, generatedRecords } from "../../../../cli/emit/events";
import { USER_EVENT, UTM_EVENT } from "../../../../lambda-src/events/tracking";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const first = (n: number, seed = 1) => {
  const pairs = eventPairs(seed);
  return Array.from({ length: n }, () => pairs.next().value);
};

describe("generated events", () => {
  it("are the same for the same seed, and others for another", () => {
    expect(first(20)).toEqual(first(20));
    expect(first(20, 2)).not.toEqual(first(20));
  });

  it("have the fields of the tables, in their order, all of them text or null", () => {
    for (const { user, utm } of first(50)) {
      expect([Object.keys(user), Object.keys(utm)]).toEqual([[...USER_EVENT], [...UTM_EVENT]]);
      for (const value of Object.values({ ...user, ...utm }))
        expect(value === null || typeof value === "string").toBe(true);
    }
  });

  it("share a request's id between the streams, and no two requests have the same", () => {
    const pairs = first(500);
    expect(pairs.every(({ user, utm }) => user.request_id === utm.request_id && UUID.test(user.request_id!))).toBe(
      true,
    );
    expect(new Set(pairs.map(({ user }) => user.request_id)).size).toBe(500);
  });

  it("look as a site's do: a document inside a string, no website_id, long user agents, times of microseconds", () => {
    for (const { user } of first(50)) {
      expect(user.website_id).toBeNull();
      expect(JSON.parse(user.message!)).toHaveProperty("topic", user.topic);
      expect(user.request_timestamp).toMatch(/^2020-06-01 \d\d:\d\d:\d\d\.000000$/);
    }
    expect(Math.max(...first(50).map(({ user }) => user.user_agent!.length))).toBeGreaterThan(200);
    expect(first(50).some(({ utm }) => utm.campaign === null)).toBe(true);
  });

  it("are put a line each, by the visitor or the request", () => {
    const { user, utm } = first(1)[0]!;
    expect([...generatedRecords("user", 1, 1)]).toEqual([
      { data: Buffer.from(`${JSON.stringify(user)}\n`), key: user.cookie_id },
    ]);
    expect([...generatedRecords("utm", 1, 1)]).toEqual([
      { data: Buffer.from(`${JSON.stringify(utm)}\n`), key: utm.request_id },
    ]);
  });
});

import { Clock } from "../../../../local/clock";
import { keysOf, parseQuery } from "../../../../local/services/firehose/partition-query";
import { ACTIVE_PARTITIONS, Partitions } from "../../../../local/services/firehose/partitions";
import type { Piece } from "../../../../local/services/firehose/records";

describe("parseQuery", () => {
  it("reads names and paths", () => {
    expect(parseQuery('{car:.car_id, "the track" : .track.name,x:."a b".c}')).toEqual([
      { name: "car", path: ["car_id"] },
      { name: "the track", path: ["track", "name"] },
      { name: "x", path: ["a b", "c"] },
    ]);
  });

  it.each([
    ["{car:.car_id|tostring}", "car:.car_id|tostring"],
    ["{car:.list[0]}", "car:.list[0]"],
    ['{car:(.a // "none")}', 'car:(.a // "none")'],
    [".car_id", ".car_id"],
    ["{}", ""],
  ])("refuses %s by name", (query, named) => {
    expect(() => parseQuery(query)).toThrow(
      `The local AWS does not carry the JQ expression ${named}; it knows {name: .path.to.value, ...}`,
    );
  });
});

describe("keysOf", () => {
  const query = parseQuery("{car:.car,track:.track.name}");
  const keys = (text: string) => keysOf(query, Buffer.from(text));

  it("finds the values, as text", () => {
    expect(keys('{"car":7,"track":{"name":true}}')).toEqual(
      new Map([
        ["car", "7"],
        ["track", "true"],
      ]),
    );
  });

  it.each([
    ["not json", "Non JSON record provided"],
    ['{"car":7}', "partitionKeys values must not be null or empty"],
    ['{"car":null,"track":{"name":"a"}}', "partitionKeys values must not be null or empty"],
    ['{"car":"","track":{"name":"a"}}', "partitionKeys values must not be null or empty"],
    ['{"car":7,"track":{"name":[1]}}', "partitionKeys values must be text, numbers or booleans, track is neither"],
    ["7", "partitionKeys values must not be null or empty"],
  ])("says why %s has none", (text, why) => {
    expect(keys(text)).toBe(why);
  });
});

describe("Partitions", () => {
  let closed: { keys: string[]; texts: string[]; written: () => void }[];
  let partitions: Partitions;
  beforeEach(() => {
    jest.useFakeTimers();
    closed = [];
    const limits = [{ max: 4, of: (piece: Piece) => piece.data.length }];
    partitions = new Partitions(new Clock(10), 60, limits, (batch, keys, written) =>
      closed.push({ keys: [...keys.values()], texts: batch.map(({ data }) => data.toString()), written }),
    );
  });
  afterEach(() => jest.useRealTimers());
  const add = (key: string, text: string) =>
    partitions.add(new Map([["k", key]]), { data: Buffer.from(text), arrivedAt: 1 });

  it("gathers each set of keys by itself, by size and by time", () => {
    add("a", "11");
    add("b", "22");
    add("a", "33");
    expect(closed).toMatchObject([{ keys: ["a"], texts: ["11", "33"] }]);
    jest.advanceTimersByTime(6000);
    expect(closed[1]).toMatchObject({ keys: ["b"], texts: ["22"] });
  });

  it("opens at most 500, and one is open until its object is written", () => {
    for (let i = 0; i < ACTIVE_PARTITIONS; i++) expect(add(`${i}`, "1")).toBe(true);
    expect(add("one more", "1")).toBe(false);
    expect(add("7", "1")).toBe(true);
    jest.advanceTimersByTime(6000);
    expect(add("one more", "1")).toBe(false);
    for (const { written } of closed) written();
    expect(add("one more", "1")).toBe(true);
  });

  it("keeps one open that got records while an object of it was written", () => {
    for (let i = 0; i < ACTIVE_PARTITIONS; i++) add(`${i}`, "1");
    partitions.flush();
    add("0", "1");
    for (const { written } of closed.splice(0)) written();
    for (let i = 1; i < ACTIVE_PARTITIONS; i++) expect(add(`new ${i}`, "1")).toBe(true);
    expect(add("one more", "1")).toBe(false);
  });
});

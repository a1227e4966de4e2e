import { Clock } from "../../../../local/clock";
import { Gather } from "../../../../local/services/firehose/gather";

let batches: string[][];
let gather: Gather<string>;
beforeEach(() => {
  jest.useFakeTimers();
  batches = [];
  const limits = [
    { max: 10, of: (text: string) => text.length },
    { max: 4, of: () => 1 },
  ];
  gather = new Gather(new Clock(10), 60, limits, (batch) => batches.push([...batch]));
});
afterEach(() => {
  jest.useRealTimers();
});

describe("Gather", () => {
  it("closes a batch at its size, without the item that would take it over", () => {
    gather.add("aaaaaa");
    gather.add("bbbbbb");
    expect(batches).toEqual([["aaaaaa"]]);
    gather.add("cccc");
    expect(batches).toEqual([["aaaaaa"], ["bbbbbb", "cccc"]]);
  });

  it("closes a batch that reaches any of its limits", () => {
    for (const item of ["a", "b", "c", "d", "e"]) gather.add(item);
    expect(batches).toEqual([["a", "b", "c", "d"]]);
  });

  it("takes an item that is larger than a batch by itself", () => {
    gather.add("a");
    gather.add("b".repeat(30));
    expect(batches).toEqual([["a"], ["b".repeat(30)]]);
  });

  it("closes a batch its interval after the first item, in the clock's time", () => {
    gather.add("a");
    jest.advanceTimersByTime(5_999);
    gather.add("b");
    expect(batches).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(batches).toEqual([["a", "b"]]);
  });

  it("begins a new interval with the first item of the next batch", () => {
    gather.add("a");
    gather.flush();
    jest.advanceTimersByTime(6_000);
    gather.add("b");
    jest.advanceTimersByTime(5_999);
    expect(batches).toEqual([["a"]]);
  });

  it("closes nothing when it is empty", () => {
    gather.flush();
    jest.advanceTimersByTime(60_000);
    expect(batches).toEqual([]);
  });

  it("drops what is open when told to", () => {
    gather.add("a");
    expect(gather.drop()).toEqual(["a"]);
    jest.advanceTimersByTime(60_000);
    expect(batches).toEqual([]);
  });
});

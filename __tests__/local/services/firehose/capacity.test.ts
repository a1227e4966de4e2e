import { Capacity } from "../../../../local/services/firehose/capacity";

describe("Capacity", () => {
  it("lets who waits for room go on when there is some, and leaves no listener behind", async () => {
    const capacity = new Capacity(10);
    const { signal } = new AbortController();
    const [added, removed] = [jest.spyOn(signal, "addEventListener"), jest.spyOn(signal, "removeEventListener")];
    for (let i = 0; i < 3; i++) {
      capacity.take(10);
      const room = capacity.room(signal);
      capacity.give(10);
      await room;
    }
    expect(added).toHaveBeenCalledTimes(3);
    expect(removed.mock.calls).toEqual(added.mock.calls);
  });

  it("lets who waits go on when the signal aborts", async () => {
    const capacity = new Capacity(10);
    const stop = new AbortController();
    capacity.take(10);
    const room = capacity.room(stop.signal);
    stop.abort();
    await room;
    expect(capacity.isFull).toBe(true);
  });
});

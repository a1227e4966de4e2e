import { lagOf } from "../../cli/topics";

describe("what a view has yet to read of a partition", () => {
  const rows = [
    ["orders", "0", "orders", 9],
    ["orders", "1", "orders", 4],
    ["other", "0", "mv", 1],
  ] as const;

  it("is counted from its last position to the end, view by view", () => {
    expect(lagOf(rows, "orders", 0, 12n)).toBe("orders: 2");
    expect(lagOf(rows, "orders", 1, 5n)).toBe("orders: 0");
    expect(lagOf([...rows, ["orders", "0", "second", 1]], "orders", 0, 12n)).toBe("orders: 2, second: 10");
  });

  it("says so where no view has read it", () => {
    expect(lagOf(rows, "orders", 2, 5n)).toBe("no view has read it");
  });
});

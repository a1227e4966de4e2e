import { differenceOf, Identities } from "../../../cli/up/identities";

const list = (...identities: number[]) => {
  const all = new Identities();
  for (const identity of identities) all.add(identity);
  return all.sorted();
};

describe("identities of records", () => {
  it("are sorted, however many there are", () => {
    const some = Array.from({ length: 5000 }, (_, n) => (n * 7919) % 5000);
    expect([...list(...some)]).toEqual(Array.from({ length: 5000 }, (_, n) => n));
  });

  it.each([
    ["the same in another order", [3, 1, 2], { missing: 0, doubled: 0, strangers: 0 }],
    ["one missing at the end", [1, 2], { missing: 1, doubled: 0, strangers: 0 }],
    ["one missing for one that is there twice", [1, 1, 3], { missing: 1, doubled: 1, strangers: 0 }],
    ["the last one three times", [1, 2, 3, 3, 3], { missing: 0, doubled: 2, strangers: 0 }],
    ["others before, between and behind", [0, 1, 1.5, 2, 3, 4], { missing: 0, doubled: 0, strangers: 3 }],
    ["nothing", [], { missing: 3, doubled: 0, strangers: 0 }],
  ])("are compared: %s", (_, found, difference) => {
    expect(differenceOf(list(1, 2, 3), list(...found))).toEqual(difference);
  });
});

import { RANDOM, randomId } from "../../../local/terraform/random";

describe("random_id", () => {
  it("has the provider's documented forms of the same bytes", () => {
    expect(randomId(Buffer.from([0xfb, 0xff, 0x00, 0x01]))).toEqual({
      id: "-_8AAQ",
      b64_std: "+/8AAQ==",
      b64_url: "-_8AAQ",
      dec: "4227792897",
      hex: "fbff0001",
    });
  });

  it("puts the prefix before all forms but the id, and keeps leading zeroes in hex", () => {
    expect(randomId(Buffer.from([0, 1, 2]), "p-")).toEqual({
      id: "AAEC",
      b64_std: "p-AAEC",
      b64_url: "p-AAEC",
      dec: "p-258",
      hex: "p-000102",
    });
  });

  it.each([0, -1, 1.5, "4", "${var.n}", undefined, null])("refuses a byte_length of %p", (byte_length) => {
    expect(() => RANDOM.random_id!({ byte_length }, "random_id.x")).toThrow(
      `random_id.x: byte_length must be a whole number of at least 1 written in the stack for the local run without the random provider, got ${JSON.stringify(byte_length)}`,
    );
  });

  it("refuses a prefix that only Terraform could work out", () => {
    expect(() => RANDOM.random_id!({ byte_length: 2, prefix: "${var.p}" }, "random_id.x")).toThrow(
      'random_id.x: prefix must be plain text for the local run without the random provider, got "${var.p}"',
    );
  });
});

describe("random_string", () => {
  it("holds only the kinds that are on, and at least the least of each", () => {
    const { result, id } = RANDOM.random_string!(
      { length: 12, special: false, upper: false, min_numeric: 11 },
      "random_string.x",
    );
    expect(result).toMatch(/^[a-z0-9]{12}$/);
    expect(result!.replace(/\D/g, "").length).toBeGreaterThanOrEqual(11);
    expect(id).toBe(result);
  });

  it("takes its special characters from override_special", () => {
    const block = { length: 5, upper: false, lower: false, numeric: false, override_special: "_" };
    expect(RANDOM.random_string!(block, "random_string.x").result).toBe("_____");
  });

  it("refuses what cannot be made", () => {
    const none = { length: 5, upper: false, lower: false, numeric: false, special: false };
    expect(() => RANDOM.random_string!(none, "random_string.x")).toThrow(
      "upper, lower, numeric and special are all false",
    );
    expect(() => RANDOM.random_string!({ length: 2, min_lower: 3 }, "random_string.x")).toThrow(
      "random_string.x: length must be at least the sum of the min_ values, 3, got 2",
    );
  });
});

describe("random_password", () => {
  it("is made as a random_string, and its id says nothing of it", () => {
    const { result, id } = RANDOM.random_password!(
      { length: 32, special: true, override_special: "_", min_upper: 1, min_lower: 1, min_numeric: 1 },
      "random_password.x",
    );
    expect(result).toMatch(/^[A-Za-z0-9_]{32}$/);
    for (const kind of [/[A-Z]/, /[a-z]/, /[0-9]/]) expect(result).toMatch(kind);
    expect(id).toBe("none");
  });
});

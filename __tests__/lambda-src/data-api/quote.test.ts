import { identifier, literal } from "../../../lambda-src/data-api/quote";

describe("quoting", () => {
  it.each([
    ["plain", '"plain"'],
    ['a"; DROP TABLE t; --', '"a""; DROP TABLE t; --"'],
    ["Größe", '"Größe"'],
  ])("makes one identifier of %s", (name, quoted) => {
    expect(identifier(name)).toBe(quoted);
  });

  it.each(["", "x".repeat(128), "ü".repeat(64), "a\0b"])("refuses an identifier that Redshift cannot hold", (name) => {
    expect(() => identifier(name)).toThrow(`an identifier has 1 to 127 bytes and no NUL, got ${JSON.stringify(name)}`);
  });

  it.each([
    ["plain", "'plain'"],
    ["it's; --", "'it''s; --'"],
  ])("makes one literal of %s", (text, quoted) => {
    expect(literal(text)).toBe(quoted);
  });

  it.each(["a\\", "a\0"])("refuses a literal that two databases would read differently", (text) => {
    expect(() => literal(text)).toThrow(`a literal must not hold a backslash or NUL, got ${JSON.stringify(text)}`);
  });
});

import { fromBase64 } from "../../../../local/services/firehose/base64";

describe("base64 of a record", () => {
  it.each(["", "a", "ab", "abc", "abcd", "\u0000\u00ff~"])("gives back the bytes of %j", (text) => {
    const bytes = Buffer.from(text, "latin1");
    expect(fromBase64(bytes.toString("base64"))).toEqual(bytes);
  });

  it.each([
    ["without its padding", "YWI"],
    ["padding in the middle", "YQ==YQ=="],
    ["a space", "YW I"],
    ["a line break", "YWJ\n"],
    ["the other alphabet", "-_-_"],
    ["a letter that is none of it", "YWé="],
  ])("refuses %s", (_, text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});

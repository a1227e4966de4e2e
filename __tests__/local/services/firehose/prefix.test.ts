import {
  checkPrefixes,
  dataPrefix,
  errorPrefix,
  formatTime,
  objectName,
} from "../../../../local/services/firehose/prefix";

const AT = new Date("2018-08-27T09:05:03.045Z");

describe("keys of delivered objects", () => {
  it.each([
    ["", "2018/08/27/09/"],
    ["raw/", "raw/2018/08/27/09/"],
    ["raw/!{timestamp:yyyy}/", "raw/2018/"],
    ["year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/", "year=2018/month=08/day=27/"],
    ["!{timestamp:yyyy'-'MM'-'dd'T'HH}", "2018-08-27T09"],
  ])("evaluates the prefix %j to %s", (prefix, expected) => {
    expect(dataPrefix(prefix, AT)).toBe(expected);
  });

  it("adds the date to a prefix that has an expression but no date", () => {
    expect(dataPrefix("!{firehose:random-string}/", AT)).toMatch(/^[A-Za-z0-9]{11}\/2018\/08\/27\/09\/$/);
  });

  it.each([
    ["", undefined, "processing-failed/2018/08/27/09/"],
    ["raw/", undefined, "raw/processing-failed/2018/08/27/09/"],
    ["raw/", "errors/", "errors/processing-failed/2018/08/27/09/"],
    ["raw/", "errors/!{firehose:error-output-type}/", "errors/processing-failed/"],
    ["", "e/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/", "e/processing-failed/2018/08/27/"],
  ])("evaluates the error prefix of %j and %j to %s", (prefix, configured, expected) => {
    expect(errorPrefix(prefix, configured, "processing-failed", AT)).toBe(expected);
  });

  it("names an object by stream, version, time and a unique part", () => {
    expect(objectName("raw", 2, AT, "uuid", ".gz")).toBe("raw-2-2018-08-27-09-05-03-uuid.gz");
  });

  it.each([
    ["yy M d", "18 8 27"],
    ["MMM MMMM EEE EEEE", "Aug August Mon Monday"],
    ["D h k K a", "239 9 9 9 AM"],
    ["HH:mm:ss.SSS", "09:05:03.045"],
    ["'it''s' yyyy", "it's 2018"],
    ["yyyy''MM", "2018'08"],
  ])("formats %j as Java's DateTimeFormatter does", (pattern, expected) => {
    expect(formatTime(pattern, AT)).toBe(expected);
  });

  it("refuses a pattern letter that it does not know, by name", () => {
    expect(() => formatTime("YYYY", AT)).toThrow(
      "The timestamp pattern letter 'Y' is not carried by the local AWS; it knows y u M L d D H h k K m s S n a E",
    );
  });

  it.each([
    ["!{partitionKeyFromQuery:car}/", undefined, "Prefix contains the invalid expression !{partitionKeyFromQuery:car}"],
    [
      "!{firehose:error-output-type}/",
      undefined,
      "Prefix contains the invalid expression !{firehose:error-output-type}",
    ],
    ["!{timestamp:yyyy}/", undefined, "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"],
    ["", "!{timestamp:yyyy}/", "ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type}"],
    ["", "!{date:yyyy}/", "ErrorOutputPrefix contains the invalid expression !{date:yyyy}"],
  ])("refuses the prefixes %j and %j when the stream is made", (prefix, error, message) => {
    expect(() => checkPrefixes(prefix, error)).toThrow(message);
  });
});

import { isTimeZone, wallTime } from "../../../../local/services/firehose/time-zone";

describe("wallTime", () => {
  it.each([
    ["2024-01-15T23:30:00.123Z", "UTC", "2024-01-15T23:30:00.123Z"],
    ["2024-01-15T23:30:00.123Z", "Europe/Berlin", "2024-01-16T00:30:00.123Z"],
    ["2024-07-15T22:30:00.000Z", "Europe/Berlin", "2024-07-16T00:30:00.000Z"],
    ["2024-01-01T02:00:00.000Z", "America/New_York", "2023-12-31T21:00:00.000Z"],
    ["2024-01-01T00:00:00.000Z", "Asia/Kolkata", "2024-01-01T05:30:00.000Z"],
  ])("reads %s in %s as %s", (at, zone, shown) => {
    expect(wallTime(new Date(at), zone).toISOString()).toBe(shown);
  });
});

describe("isTimeZone", () => {
  it.each([
    ["Asia/Tokyo", true],
    ["UTC", true],
    ["Asia/Nowhere", false],
  ])("knows %s: %s", (zone, known) => {
    expect(isTimeZone(zone)).toBe(known);
  });
});

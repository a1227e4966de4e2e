import { BAD_KINDS } from "../../../cli/emit";
import { TelemetryWriter } from "../../../cli/emit/generator";
import { addExtra2 } from "../../../lambda-src/transform-telemetry/transform";

const good = new TelemetryWriter(8).one().toString("latin1");

it.each(BAD_KINDS.map((kind) => [kind.name, kind] as const))("%s is what the processor makes of it", (_, kind) => {
  const { kind: outcome } = addExtra2(kind.make(good).toString("base64"));
  // What the stream refuses never comes to the processor.
  const said = { refused: expect.any(String), rejected: "failed", arrives: "ok" };
  expect(outcome).toEqual(said[kind.fate.stream.kind]);
});

it.each(BAD_KINDS.map((kind) => [kind.name, kind] as const))(
  "%s is no JSON object exactly when it says so",
  (_, kind) => {
    const isObject = () => {
      try {
        return typeof JSON.parse(kind.make(good).toString("utf8")) === "object";
      } catch {
        return false;
      }
    };
    expect(isObject()).toBe(!kind.unreadable);
  },
);

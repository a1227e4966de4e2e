import { hasAnalytics, placeOf, stacksOf } from "../../../cli/up/places";
import { PIPELINES } from "../../../cli/up/up";
import type { LocalStack } from "../../../local/apply";

const taken = (stack: string, configuration: object = {}) => ({ prepared: { stack, configuration } }) as LocalStack;
const OTHER = { variable: { event_account_id: { type: "string" } } };

describe("where the stacks of a pipeline are applied", () => {
  it("is the warehouse of the events first, for whatever the events' stack reads of it", () => {
    expect(stacksOf("event-monitor")).toEqual(["event-warehouse", "event-monitor"]);
    expect(stacksOf("telemetry-lake")).toEqual(["telemetry-lake"]);
  });

  it("is another account for the events when the warehouse asks for its number, which it is told", () => {
    const stacks = [taken("event-warehouse", OTHER), taken("event-monitor")];
    expect(placeOf("event-warehouse", stacks)).toEqual({ variables: { event_account_id: "111111111111" } });
    expect(placeOf("event-monitor", stacks)).toEqual({ account: "111111111111" });
  });

  it("is the run's own account when the warehouse asks for none", () => {
    const stacks = [taken("event-warehouse"), taken("event-monitor")];
    expect(placeOf("event-warehouse", stacks)).toEqual({});
    expect(placeOf("event-monitor", stacks)).toEqual({});
  });
});

it("only pipelines with an analytics application have its program built for them", () => {
  expect(PIPELINES.filter(hasAnalytics)).toEqual(["telemetry-warehouse", "telemetry-lake"]);
});

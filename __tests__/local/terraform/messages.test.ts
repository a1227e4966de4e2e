import { Counter, describeDiagnostic, parseMessage, type UiMessage } from "../../../local/terraform/messages";

const hook = (type: string, addr: string, elapsed_seconds = 0): UiMessage => ({
  type,
  hook: { resource: { addr }, elapsed_seconds },
});

describe("what an apply tells a person", () => {
  it("is how many of the planned changes are done, in about ten lines", () => {
    const lines: string[] = [];
    const counter = new Counter((line) => lines.push(line));
    counter.take({ type: "change_summary", changes: { add: 20, change: 1, remove: 2 } });
    for (let i = 1; i <= 23; i++) {
      counter.take(hook("apply_start", `a.r${i}`));
      counter.take(hook("apply_complete", `a.r${i}`));
    }
    counter.take({ type: "change_summary", changes: { add: 20 } });
    expect(lines).toEqual([
      "23 changes planned",
      ...[3, 6, 9, 12, 15, 18, 21, 23].map((n) => `${n} of 23 done, last a.r${n}`),
    ]);
  });

  it("counts no data source, which no plan counts either", () => {
    const lines: string[] = [];
    const counter = new Counter((line) => lines.push(line));
    counter.take({ type: "change_summary", changes: { add: 1 } });
    counter.take(hook("apply_start", "data.aws_region.here"));
    counter.take(hook("apply_complete", "data.aws_region.here"));
    counter.take(hook("apply_complete", "aws_x.y"));
    expect(lines).toEqual(["1 changes planned", "1 of 1 done, last aws_x.y"]);
  });

  it("names a slow resource every half minute, and a failed one at once", () => {
    const lines: string[] = [];
    const counter = new Counter((line) => lines.push(line));
    counter.take({ type: "change_summary", changes: { add: 2 } });
    counter.take(hook("apply_start", "aws_x.y"));
    for (const seconds of [10, 20, 30, 40, 50, 60]) counter.take(hook("apply_progress", "aws_x.y", seconds));
    counter.take(hook("apply_errored", "aws_x.y"));
    expect(lines).toEqual([
      "2 changes planned",
      "0 of 2: still working on aws_x.y, 30 s",
      "0 of 2: still working on aws_x.y, 60 s",
      "0 of 2: aws_x.y failed",
    ]);
  });

  it.each(["", "not json", "[1]", "null", "3", '{"type":'])("passes over the line %p", (line) => {
    expect(parseMessage(line)).toBeUndefined();
  });
});

describe("a diagnostic", () => {
  it("is where, what and the first lines of why", () => {
    const detail = `${Array.from({ length: 8 }, (_, i) => `line ${i}`).join("\n\n")}`;
    expect(describeDiagnostic({ address: "aws_s3_bucket.raw", summary: "creating S3 Bucket", detail })).toBe(
      "aws_s3_bucket.raw: creating S3 Bucket\n  line 0\n  line 1\n  line 2\n  line 3\n  line 4\n  line 5\n  ...",
    );
  });

  it("is one line where there is no more to say", () => {
    expect(describeDiagnostic({ summary: "No credentials", detail: "" })).toBe("No credentials");
  });
});

import { spawnSync } from "node:child_process";

/** Runs Python beside `corrections.py` and answers what it prints, as JSON. */
function python(program: string): unknown {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", program], {
    cwd: "local/emulator",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

it("leaves out a stream's records past their retention, and looks at no more than the first of each shard while there is none", () => {
  expect(
    python(`
import json, time, types
from corrections import first_expires_first
looks = []
kinesis = types.SimpleNamespace(time=time, _expire_records=lambda stream: looks.append(sorted(stream["shards"])))
first_expires_first(kinesis)
record = lambda hours: {"ApproximateArrivalTimestamp": time.time() - hours * 3600}
stream = lambda **shards: {"RetentionPeriodHours": 24, "shards": {name: {"records": records} for name, records in shards.items()}}
kinesis._expire_records(stream(empty=[], young=[record(23), {}]))
kinesis._expire_records(stream(young=[record(1)], old=[record(25), record(1)]))
print(json.dumps(looks))
`),
  ).toEqual([["old", "young"]]);
});

it("asks for the same right to send, delete or hide ten messages as for one, and leaves other services' names", () => {
  expect(
    python(`
import json, types
from corrections import rights_of_batches
actions = types.SimpleNamespace(extract_iam_action=lambda service, method: f"{service}:{method}" if service else None)
rights_of_batches(actions)
asked = [("sqs", "SendMessageBatch"), ("sqs", "SendMessage"), ("sqs", "DeleteMessageBatch"), ("firehose", "PutRecordBatch"), (None, "x")]
print(json.dumps([actions.extract_iam_action(*one) for one in asked]))
`),
  ).toEqual(["sqs:SendMessage", "sqs:SendMessage", "sqs:DeleteMessage", "firehose:PutRecordBatch", null]);
});

import { spawnSync } from "node:child_process";

/** Runs a program beside `message_moves.py`, on queues as ministack holds them, and answers what it prints, as JSON. */
function moves(program: string): unknown {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", `${QUEUES}\n${program}`], {
    cwd: "local/emulator",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const QUEUES = `
import json, threading, time, types
from message_moves import message_moves
class Err(Exception):
    pass
queue = lambda name, **attributes: {"attributes": {"QueueArn": name, **attributes}, "messages": []}
queues = {name: queue(name) for name in ("dead", "other")}
queues["main"] = queue("main", RedrivePolicy=json.dumps({"deadLetterTargetArn": "dead", "maxReceiveCount": 5}))
def message(body, source="main", visible_in=0):
    sys = {"DeadLetterQueueSourceArn": source, "SenderId": "x", "SentTimestamp": "1"} if source else {}
    return {"id": "old " + body, "body": body, "receive_count": 5, "receipt_handle": "h", "visible_at": time.time() + visible_in, "sys": sys}
sqs = types.SimpleNamespace(_HANDLERS={}, _Err=Err, _queues_lock=threading.Lock(), esm_wake=threading.Event(), _ensure_msg_fields=lambda m: None,
    _queue_by_arn=queues.get, _queues=types.SimpleNamespace(all_items=lambda: list(queues.items())))
message_moves(sqs)
start = lambda **data: sqs._HANDLERS["StartMessageMoveTask"](data, "")
tasks = lambda: [[one["Status"], one["ApproximateNumberOfMessagesMoved"], one.get("FailureReason")] for one in sqs._HANDLERS["ListMessageMoveTasks"]({"SourceArn": "dead", "MaxResults": 9}, "")["Results"]]
bodies = lambda name: [one["body"] for one in queues[name]["messages"]]
`;

it("puts each message back to where it came from, as a new one that nobody has received, and wakes who waits for it", () => {
  expect(
    moves(`
queues["dead"]["messages"] = [message("a"), message("b")]
handle = start(SourceArn="dead")["TaskHandle"]
first = queues["main"]["messages"][0]
print(json.dumps([bool(handle), bodies("dead"), bodies("main"), first["id"] != "old a", first["receive_count"], first["receipt_handle"], first["sys"]["SenderId"], sorted(first["sys"]), first["sys"]["SentTimestamp"] != "1", sqs.esm_wake.is_set(), tasks()]))
`),
  ).toEqual([
    true,
    [],
    ["a", "b"],
    true,
    0,
    null,
    "x",
    ["SenderId", "SentTimestamp"],
    true,
    true,
    [["COMPLETED", 2, null]],
  ]);
});

it("stops at what did not come from a queue, unless it is told where to", () => {
  expect(
    moves(`
queues["dead"]["messages"] = [message("a"), message("of EventBridge", source=None), message("b")]
start(SourceArn="dead")
stopped = [bodies("dead"), bodies("main")]
start(SourceArn="dead", DestinationArn="main")
print(json.dumps([stopped, bodies("dead"), bodies("main"), tasks()]))
`),
  ).toEqual([
    [["of EventBridge", "b"], ["a"]],
    [],
    ["a", "of EventBridge", "b"],
    [
      ["COMPLETED", 2, null],
      ["FAILED", 1, "CouldNotDetermineMessageSource"],
    ],
  ]);
});

it("leaves what somebody has taken", () => {
  expect(
    moves(`
queues["dead"]["messages"] = [message("taken", visible_in=60), message("a")]
start(SourceArn="dead")
print(json.dumps([bodies("dead"), bodies("main")]))
`),
  ).toEqual([["taken"], ["a"]]);
});

it("refuses a queue that is nobody's dead-letter queue, and one that is not there", () => {
  expect(
    moves(`
def refusal(**data):
    try:
        start(**data)
    except Err as error:
        return error.args[0]
print(json.dumps([refusal(SourceArn="other"), refusal(SourceArn="none"), refusal(SourceArn="dead", DestinationArn="none")]))
`),
  ).toEqual(["UnsupportedOperation", "ResourceNotFoundException", "ResourceNotFoundException"]);
});

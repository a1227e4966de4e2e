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

it("takes a policy's wildcards for any characters, line ends too, and all else for itself", () => {
  expect(
    python(`
import json, types
from corrections import wildcards_of_any_character
evaluator = types.SimpleNamespace()
wildcards_of_any_character(evaluator)
matches = lambda pattern, text, any_case=False: evaluator._fnmatch_compile(pattern, any_case).match(text) is not None
print(json.dumps([matches("b/*", "b/a\\nb"), matches("b/a?b", "b/a\\nb"), matches("b/a", "b/a\\n"), matches("b.c", "bxc"), matches("B", "b"), matches("B", "b", True)]))
`),
  ).toEqual([true, true, false, false, false, true]);
});

/** Stands for the emulator's modules, as far as a correction touches them. */
const MODULES = `
import json, os, sys, time, types
os.environ["REDSTREAM_SPEED"] = "60"
def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made
import threading
module("ministack")
services = module("ministack.services")
`;

const QUEUE = `
message = lambda age, size=10: {"body": "x" * size, "visible_at": time.time() - age}
queue = {"messages": [], "attributes": {"VisibilityTimeout": "360"}}
services.sqs = module("ministack.services.sqs", _ensure_msg_fields=lambda m: None, _queues_lock=threading.Lock(), _get_q=lambda url: queue,
    _expire_retained=lambda q: None, _dlq_sweep=lambda q: None, _collect_msgs=lambda q, most, seconds: (most, seconds))
lambda_svc = types.SimpleNamespace(_sqs_esm_concurrency=lambda esm, *_: 4)
from corrections import shortened_invisibility, whole_batches
whole_batches(lambda_svc)
def batches(size=100, window=60):
    return lambda_svc._sqs_esm_concurrency({"BatchSize": size, "MaximumBatchingWindowInSeconds": window}, None, None, queue)
`;

it("gives a queue's function what came within its window, a full batch at once, and more than ten messages", () => {
  expect(
    python(`${MODULES}${QUEUE}
answers = {}
queue["messages"] = [message(0.5)]
answers["within a window of a shortened second"] = batches()
answers["without a window"] = batches(window=0)
queue["messages"] = [message(1.5), message(0)]
answers["when the window of the first is over"] = batches()
queue["messages"] = [message(0) for _ in range(100)]
answers["full"] = batches()
answers["taken"] = services.sqs._receive_messages_for_esm("url", 100)
queue["messages"] = [message(0, 2 * 1024 * 1024) for _ in range(4)]
answers["6 MB"] = [batches(), services.sqs._receive_messages_for_esm("url", 100)[0]]
queue["messages"] = [{**message(0), "visible_at": time.time() + 60}]
answers["nothing to be seen"] = batches()
print(json.dumps(answers))
`),
  ).toEqual({
    "within a window of a shortened second": 0,
    "without a window": 4,
    "when the window of the first is over": 4,
    full: 4,
    taken: [100, 360],
    "6 MB": [4, 2],
    "nothing to be seen": 4,
  });
});

it("shows a taken message again after its shortened visibility timeout", () => {
  expect(
    python(`${MODULES}${QUEUE}
shortened_invisibility(services.sqs)
print(json.dumps(services.sqs._collect_msgs(queue, 1, 360)))
`),
  ).toEqual([1, 6]);
});

it("tells EventBridge which version of an object is new", () => {
  expect(
    python(`${MODULES}
told = []
services.eventbridge = module("ministack.services.eventbridge", _dispatch_event=lambda event, view=None: told.append(json.loads(event["Detail"])))
def fire(bucket, key, version_id=None):
    services.eventbridge._dispatch_event({"Source": "aws.s3", "Detail": json.dumps({"object": {"key": key}})})
s3 = types.SimpleNamespace(_fire_s3_event=fire)
from corrections import versions_in_events
versions_in_events(s3)
s3._fire_s3_event("b", "a.csv", version_id="v1")
s3._fire_s3_event("b", "unversioned.csv")
print(json.dumps(told))
`),
  ).toEqual([{ object: { key: "a.csv", "version-id": "v1" } }, { object: { key: "unversioned.csv" } }]);
});

it("shortens a rate of the Scheduler, and no rule's", () => {
  expect(
    python(`${MODULES}
services.eventbridge = module("ministack.services.eventbridge", _parse_rate_seconds=lambda text: 3600 if text == "rate(1 hour)" else None)
scheduler = types.SimpleNamespace(_ticker_thread=None)
from corrections import shortened_rates
shortened_rates(scheduler)
rules = services.eventbridge._parse_rate_seconds("rate(1 hour)")
scheduler._ticker_thread = threading.current_thread()
parse = services.eventbridge._parse_rate_seconds
print(json.dumps([rules, parse("rate(1 hour)"), parse("cron(0 8 * * ? *)")]))
`),
  ).toEqual([3600, 60, null]);
});

it("lists versions with their keys encoded for who asks so, and as they are for others", () => {
  expect(
    python(`
import json, types, urllib.parse
from corrections import encoded_versions
body = "<ListVersionsResult><Prefix></Prefix><Version><Key>a+b &amp; %41.csv</Key><ETag>x+y</ETag></Version></ListVersionsResult>"
s3 = types.SimpleNamespace(
    _list_object_versions=lambda bucket, query: (200, {}, body.encode()),
    _qp=lambda query, name, default: query.get(name, default),
    _url_encode=lambda text: urllib.parse.quote(text, safe="/"))
encoded_versions(s3)
print(json.dumps([s3._list_object_versions("b", query)[2].decode() for query in ({}, {"encoding-type": "url"})]))
`),
  ).toEqual([
    "<ListVersionsResult><Prefix></Prefix><Version><Key>a+b &amp; %41.csv</Key><ETag>x+y</ETag></Version></ListVersionsResult>",
    "<ListVersionsResult><Prefix></Prefix><Version><Key>a%2Bb%20%26%20%2541.csv</Key><ETag>x+y</ETag></Version><EncodingType>url</EncodingType></ListVersionsResult>",
  ]);
});

it("says of each newest version whether it is being restored, or until when it is", () => {
  expect(
    python(`
import json, time, types
from corrections import restored_versions
version = lambda key, latest: f"<Version><Key>{key}</Key><IsLatest>{latest}</IsLatest></Version>"
body = "".join([version("kept", "true"), version("asked", "true"), version("asked", "false"), version("read", "true")])
day = 86400
objects = {
    "kept": {},
    "asked": {"restore": {"available_at": time.time() + 9, "expires_at": time.time() + day}},
    "read": {"restore": {"available_at": 0, "expires_at": 4102444800}}}
s3 = types.SimpleNamespace(
    _list_object_versions=lambda bucket, query: (200, {}, body.encode()), _ensure_bucket=lambda bucket: {"objects": objects})
restored_versions(s3)
print(json.dumps(s3._list_object_versions("b", {})[2].decode().replace("</Version>", "</Version>|").split("|")[:-1]))
`),
  ).toEqual([
    "<Version><Key>kept</Key><IsLatest>true</IsLatest></Version>",
    "<Version><Key>asked</Key><IsLatest>true</IsLatest><RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus></Version>",
    "<Version><Key>asked</Key><IsLatest>false</IsLatest></Version>",
    "<Version><Key>read</Key><IsLatest>true</IsLatest><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2100-01-01T00:00:00Z</RestoreExpiryDate></RestoreStatus></Version>",
  ]);
});

it("shows an interface endpoint with its security groups and private DNS, as made and as changed, and a gateway endpoint as it was", () => {
  expect(
    python(`
import json, types
from corrections import interface_endpoints
def members(params, prefix):
    found = []
    while value := params.get(f"{prefix}.{len(found) + 1}"):
        found.append(value)
    return found
ec2 = types.SimpleNamespace(_vpc_endpoints={}, _ACTION_MAP={}, _parse_member_list=members, _p=lambda params, name: params.get(name, ""))
def create(params):
    ec2._vpc_endpoints[params["name"]] = {"VpcEndpointType": params["type"]}
    return 200, {}, b""
ec2._create_vpc_endpoint = create
ec2._modify_vpc_endpoint = lambda params: (200, {}, b"")
ec2._vpce_fields_xml = lambda endpoint, tag="item": "<routeTableIdSet></routeTableIdSet>"
interface_endpoints(ec2)
call = lambda action, **params: ec2._ACTION_MAP[action]({name.replace("_", "."): value for name, value in params.items()})
shown = lambda name: ec2._vpce_fields_xml(ec2._vpc_endpoints[name]).removesuffix("<routeTableIdSet></routeTableIdSet>")
call("CreateVpcEndpoint", name="ssm", type="Interface", SecurityGroupId_1="sg-1", SecurityGroupId_2="sg-2", PrivateDnsEnabled="true")
call("CreateVpcEndpoint", name="s3", type="Gateway")
told = [shown("ssm"), shown("s3")]
call("ModifyVpcEndpoint", VpcEndpointId="ssm", RemoveSecurityGroupId_1="sg-1", AddSecurityGroupId_1="sg-3", AddSecurityGroupId_2="sg-2", PrivateDnsEnabled="false")
print(json.dumps([*told, shown("ssm")]))
`),
  ).toEqual([
    "<groupSet><item><groupId>sg-1</groupId></item><item><groupId>sg-2</groupId></item></groupSet><privateDnsEnabled>true</privateDnsEnabled>",
    "",
    "<groupSet><item><groupId>sg-2</groupId></item><item><groupId>sg-3</groupId></item></groupSet><privateDnsEnabled>false</privateDnsEnabled>",
  ]);
});

it("shows a group's mixed instances policy, until an update puts a launch template in its place", () => {
  expect(
    python(`
import json, types
from corrections import mixed_instances
groups = {}
scaling = types.SimpleNamespace(_asgs=groups, _ACTION_MAP={}, _p=lambda params, name: params.get(name, ""))
def create(params):
    groups[params["AutoScalingGroupName"]] = {"LaunchTemplate": {}}
    return 200, {}, b""
scaling._create_asg = create
scaling._update_asg = lambda params: (200, {}, b"")
scaling._describe_asgs = lambda params: (200, {}, "".join(f"<AutoScalingGroupName>{name}</AutoScalingGroupName>" for name in groups).encode())
mixed_instances(scaling)
shown = lambda: [scaling._ACTION_MAP["DescribeAutoScalingGroups"]({})[2].decode(), groups["vpn"]["LaunchTemplate"]]
policy = "MixedInstancesPolicy"
scaling._ACTION_MAP["CreateAutoScalingGroup"]({
    "AutoScalingGroupName": "vpn",
    f"{policy}.InstancesDistribution.OnDemandBaseCapacity": "0",
    f"{policy}.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId": "lt-1",
    f"{policy}.LaunchTemplate.Overrides.member.1.InstanceType": "t3.nano",
    f"{policy}.LaunchTemplate.Overrides.member.2.InstanceType": "t3a.nano",
})
told = [shown()]
scaling._ACTION_MAP["UpdateAutoScalingGroup"]({"AutoScalingGroupName": "vpn", "MinSize": "1"})
told.append(shown() == told[0])
scaling._ACTION_MAP["UpdateAutoScalingGroup"]({"AutoScalingGroupName": "vpn", "LaunchTemplate.LaunchTemplateId": "lt-2"})
print(json.dumps([*told, shown()]))
`),
  ).toEqual([
    [
      "<AutoScalingGroupName>vpn</AutoScalingGroupName><MixedInstancesPolicy>" +
        "<InstancesDistribution><OnDemandBaseCapacity>0</OnDemandBaseCapacity></InstancesDistribution>" +
        "<LaunchTemplate><LaunchTemplateSpecification><LaunchTemplateId>lt-1</LaunchTemplateId></LaunchTemplateSpecification>" +
        "<Overrides><member><InstanceType>t3.nano</InstanceType></member><member><InstanceType>t3a.nano</InstanceType></member></Overrides>" +
        "</LaunchTemplate></MixedInstancesPolicy>",
      {},
    ],
    true,
    ["<AutoScalingGroupName>vpn</AutoScalingGroupName>", { LaunchTemplateId: "lt-2", Version: "$Default" }],
  ]);
});

it("shows each network interface of a launch template with its security groups, and whether it ends with its instance", () => {
  expect(
    python(`
import json, types
from corrections import template_interfaces
def xml(data):
    items = "".join(f"<item><deviceIndex>{one['DeviceIndex']}</deviceIndex></item>" for one in data.get("NetworkInterfaces", []))
    return data.get("ImageId", "") + (f"<networkInterfaceSet>{items}</networkInterfaceSet>" if items else "")
ec2 = types.SimpleNamespace(
    _parse_lt_data=lambda params, prefix: {"ImageId": "ami", "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-1", "sg-2"]}, {"DeviceIndex": 1}]},
    _lt_data_xml=xml, _p=lambda params, name: params.get(name, ""))
template_interfaces(ec2)
data = ec2._parse_lt_data({"LaunchTemplateData.NetworkInterface.1.DeleteOnTermination": "true"})
print(json.dumps([ec2._lt_data_xml(data), ec2._lt_data_xml({"ImageId": "ami"})]))
`),
  ).toEqual([
    "ami<networkInterfaceSet><item><deleteOnTermination>true</deleteOnTermination>" +
      "<groupSet><groupId>sg-1</groupId><groupId>sg-2</groupId></groupSet><deviceIndex>0</deviceIndex></item>" +
      "<item><groupSet></groupSet><deviceIndex>1</deviceIndex></item></networkInterfaceSet>",
    "ami",
  ]);
});

/** A function \`orders\` with an alias that a rule calls, tried and told of by the alias's own settings, and what stands around both in the emulator. */
const CALLED = `
import contextvars
FUNCTION, RULE, QUEUE = "arn:aws:lambda:eu-west-1:0:function:orders", "arn:aws:events:eu-west-1:0:rule/minute", "arn:aws:sqs:eu-west-1:0:failures"
queue = {"messages": []}
services.sqs = module("ministack.services.sqs", _queue_by_arn=lambda arn: queue if arn == QUEUE else None, new_uuid=lambda: "id", _md5_msg_attrs=lambda named: None,
    _ensure_msg_fields=lambda message: None, esm_wake=types.SimpleNamespace(set=lambda: None))
allow = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": FUNCTION + ":live",
    "Condition": {"ArnLike": {"AWS:SourceArn": RULE}}}
settings = {"live": {"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}}
base = {"config": {"FunctionArn": FUNCTION}, "policy": {"Statement": [allow]}, "event_invoke_configs": settings}
version = {"config": {"FunctionArn": FUNCTION + ":3", "Version": "3"}}
calls = []
def call(func, event):
    tries = (func.get("event_invoke_config") or {}).get("MaximumRetryAttempts", 2) + 1
    calls.append([func["config"]["FunctionArn"], func["config"].get("Version"), event, tries])
    if event.get("fails"):
        context = contextvars.copy_context()
        context.run(lambda_svc._route_async_failure, QUEUE, "orders", event, {"body": {"errorMessage": "no"}})
def find(arn):
    found = {FUNCTION: base, FUNCTION + ":live": version, FUNCTION + ":3": version}.get(arn)
    return found, found and found["config"], "orders"
told = []
lambda_svc = services.lambda_svc = module("ministack.services.lambda_svc", invoke_async_with_retry=call, new_uuid=lambda: "id",
    _route_async_failure=lambda *of: told.append(of[0]),
    _lambda_function_name_and_qualifier_from_arn=lambda arn: ("orders", (arn.split(":") + [None])[7]),
    _get_func_record_for_ref=find, _get_base_func_record_for_ref=lambda arn: (base, base["config"], "orders"),
    _event_invoke_config=lambda func, qualifier: func["event_invoke_configs"].get(qualifier or ""),
    _execution_record_for_config=lambda func, config: {**func, "config": config})
eventbridge = types.SimpleNamespace()
eventbridge._invoke_target = lambda target, event, rule, view=None: eventbridge._dispatch_to_lambda(target["Arn"], json.dumps(event))
from asynchronous import functions_of_rules, settings_of_the_alias
settings_of_the_alias(lambda_svc)
functions_of_rules(eventbridge)
def fire(target, event={}):
    eventbridge._invoke_target({"DeadLetterConfig": {"Arn": QUEUE}, "Arn": FUNCTION + ":live", **target}, event, {"Arn": RULE})
`;

it("calls a rule's function by its alias, as often as the alias says, and tells its failure destination of what failed", () => {
  expect(
    python(`${MODULES}${CALLED}
fire({})
fire({}, {"fails": True})
record = json.loads(queue["messages"][0]["body"])
del record["timestamp"]
print(json.dumps([calls, len(queue["messages"]), record, told]))
`),
  ).toEqual([
    [
      ["arn:aws:lambda:eu-west-1:0:function:orders:live", "3", {}, 1],
      ["arn:aws:lambda:eu-west-1:0:function:orders:live", "3", { fails: true }, 1],
    ],
    1,
    {
      version: "1.0",
      requestContext: {
        requestId: "id",
        functionArn: "arn:aws:lambda:eu-west-1:0:function:orders:live",
        condition: "RetriesExhausted",
        approximateInvokeCount: 1,
      },
      requestPayload: { fails: true },
      responseContext: { statusCode: 200, functionError: "Unhandled" },
      responsePayload: { errorMessage: "no" },
    },
    [],
  ]);
});

it("tries a call without settings three times, and leaves telling of it to the emulator", () => {
  expect(
    python(`${MODULES}${CALLED}
lambda_svc.invoke_async_with_retry(version, {"fails": True})
print(json.dumps([calls, told, queue["messages"]]))
`),
  ).toEqual([
    [["arn:aws:lambda:eu-west-1:0:function:orders:3", "3", { fails: true }, 3]],
    ["arn:aws:sqs:eu-west-1:0:failures"],
    [],
  ]);
});

it("puts the event of a rule whose function is gone, or that may not call it, into the target's dead-letter queue, with the reason", () => {
  expect(
    python(`${MODULES}${CALLED}
fire({"Arn": FUNCTION + ":gone"}, {"n": 1})
fire({"Arn": FUNCTION}, {"n": 2})
allow["Condition"]["ArnLike"]["AWS:SourceArn"] = "arn:aws:events:eu-west-1:0:rule/other"
fire({}, {"n": 3})
fire({"DeadLetterConfig": {}}, {"n": 4})
fire({"RoleArn": "the scheduler's"}, {"n": 5})
reasons = [[json.loads(m["body"])["n"], *(one["StringValue"] for one in m["message_attributes"].values())] for m in queue["messages"]]
print(json.dumps([[event for _, _, event, _ in calls], reasons, list(queue["messages"][0]["message_attributes"])]))
`),
  ).toEqual([
    [{ n: 5 }],
    [
      [
        1,
        "arn:aws:events:eu-west-1:0:rule/minute",
        "arn:aws:lambda:eu-west-1:0:function:orders:gone",
        "NO_RESOURCE",
        "there is no function arn:aws:lambda:eu-west-1:0:function:orders:gone",
      ],
      [
        2,
        "arn:aws:events:eu-west-1:0:rule/minute",
        "arn:aws:lambda:eu-west-1:0:function:orders",
        "NO_PERMISSIONS",
        "no permission of arn:aws:lambda:eu-west-1:0:function:orders lets arn:aws:events:eu-west-1:0:rule/minute call it",
      ],
      [
        3,
        "arn:aws:events:eu-west-1:0:rule/minute",
        "arn:aws:lambda:eu-west-1:0:function:orders:live",
        "NO_PERMISSIONS",
        "no permission of arn:aws:lambda:eu-west-1:0:function:orders:live lets arn:aws:events:eu-west-1:0:rule/minute call it",
      ],
    ],
    ["RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE"],
  ]);
});

"""Where ministack 1.5.33 answers what AWS would not, and Terraform or a caller would stumble. Each says what goes wrong without it.

They stand here and not in the gateway because the emulator has what its answer leaves out, and because a request that is signed cannot be
changed on its way. A correction is made when ministack loads the module it belongs to.
"""

import contextvars
import datetime
import json
import os
import re
import threading
import time
from xml.sax.saxutils import escape, unescape

from asynchronous import functions_of_rules, settings_of_the_alias
from message_moves import message_moves

# How much waiting is shortened, as the run's clock shortens it.
SPEED = float(os.environ.get("REDSTREAM_SPEED", "1"))


def correct_as_loaded(app):
    """Applies the corrections of a service when it is first called."""
    load, done = app._get_module, set()

    def loaded(name):
        module = load(name)
        if name not in done:
            done.add(name)
            CORRECTIONS.get(name, lambda module: None)(module)
            # API Gateway's REST half is imported by its HTTP half and not by name.
            if name == "apigateway":
                loaded("apigateway_v1")
        return module

    app._get_module = loaded


def check_root_keys(app, evaluator):
    """Root's keys pass with any secret: then a client with wrong keys works here and not on AWS."""
    import types

    pin = evaluator.pin_signed_request
    # The same function, to which no key is root's.
    names = {**pin.__globals__, "_is_root_key": lambda key: False}
    app.pin_signed_request = types.FunctionType(pin.__code__, names, pin.__name__, pin.__defaults__)


def wildcards_of_any_character(evaluator):
    """A wildcard of a policy matches every character; else nobody may read an object whose key has a line end, which `bucket/*` allows on AWS."""
    import functools
    import re

    @functools.lru_cache(4096)
    def compiled(pattern, ignore_case):
        source = "".join({"*": ".*", "?": "."}.get(sign) or re.escape(sign) for sign in pattern)
        return re.compile(f"{source}\\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))

    evaluator._fnmatch_compile = compiled


def know_authority(sigv4):
    """The SDK's HTTP/2 clients (Kinesis) sign `:authority` in place of `host`; the gateway passes on HTTP/1.1, where it is `host`."""
    build = sigv4.build_canonical_headers

    def with_authority(headers, signed_headers):
        return build({**headers, ":authority": headers.get("host", "")}, signed_headers)

    sigv4.build_canonical_headers = with_authority


def whole_alarms(cloudwatch):
    """DescribeAlarms over the query protocol leaves out description, actions, dimensions, period and more: a diff at every plan."""
    put, describe = cloudwatch._put_metric_alarm, cloudwatch._describe_alarms

    def members(params, name):
        values, i = [], 1
        while value := cloudwatch._p(params, f"{name}.member.{i}"):
            values.append(value)
            i += 1
        return values

    def put_whole(params, data, is_cbor, is_json=False):
        answer = put(params, data, is_cbor, is_json)
        if not (is_cbor or is_json) and answer[0] == 200:
            alarm = cloudwatch._alarms[cloudwatch._p(params, "AlarmName")]
            alarm["InsufficientDataActions"] = members(params, "InsufficientDataActions")
        return answer

    def describe_whole(params, data, is_cbor, is_json=False):
        if is_cbor or is_json:
            return describe(params, data, is_cbor, is_json)
        asked = {
            "AlarmNames": members(params, "AlarmNames"),
            "AlarmTypes": members(params, "AlarmTypes"),
            **{
                name: cloudwatch._p(params, name)
                for name in ("AlarmNamePrefix", "StateValue", "MaxRecords", "NextToken")
                if cloudwatch._p(params, name)
            },
        }
        answer = describe(params, asked, False, True)
        if answer[0] != 200:
            return describe(params, data, is_cbor, is_json)
        result = json.loads(answer[2])
        return cloudwatch._xml(200, "DescribeAlarmsResponse", element("DescribeAlarmsResult", result))

    cloudwatch._put_metric_alarm = put_whole
    cloudwatch._describe_alarms = describe_whole


def element(name, value):
    """XML of the query protocol: lists as members, true and false in lower case, times in ISO 8601, and nothing for what is not there."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        inner = "".join(element(key, one) for key, one in value.items())
    elif isinstance(value, list):
        inner = "".join(element("member", one) for one in value)
    elif isinstance(value, bool):
        inner = str(value).lower()
    elif name.endswith("Timestamp"):
        inner = datetime.datetime.fromtimestamp(value, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"


def whole_flow_logs(ec2):
    """Flow logs lose their role and aggregation interval: they would be replaced at every apply. Their tags come under AWS's name of the type,
    `vpc-flow-log`, and are looked for under another: a change at every plan."""
    create, describe = ec2._create_flow_logs, ec2._describe_flow_logs

    def create_whole(params):
        before = set(ec2._flow_logs)
        answer = create(params)
        for name in set(ec2._flow_logs) - before:
            ec2._parse_tag_specs(params, "vpc-flow-log", name)
            ec2._flow_logs[name]["whole"] = {
                "deliverLogsPermissionArn": ec2._p(params, "DeliverLogsPermissionArn"),
                "maxAggregationInterval": ec2._p(params, "MaxAggregationInterval") or "600",
                "logFormat": ec2._p(params, "LogFormat") or DEFAULT_FLOW_LOG_FORMAT,
                "deliverLogsStatus": "SUCCESS",
            }
            destination = ec2._flow_logs[name]["LogDestination"]
            if ":log-group:" in destination:
                ec2._flow_logs[name]["whole"]["logGroupName"] = destination.split(":log-group:")[1].removesuffix(":*")
        return answer

    def describe_whole(params):
        status, headers, body = describe(params)
        text = body.decode()
        for name, log in ec2._flow_logs.items():
            extra = "".join(element(key, value) for key, value in log.get("whole", {}).items())
            text = text.replace(f"<flowLogId>{name}</flowLogId>", f"<flowLogId>{name}</flowLogId>{extra}")
        return status, headers, text.encode()

    ec2._ACTION_MAP["CreateFlowLogs"] = create_whole
    ec2._ACTION_MAP["DescribeFlowLogs"] = describe_whole


def prefix_lists_in_rules(ec2):
    """A security group rule loses the prefix list it names (the S3 of the Region): Terraform would replace it at every plan, and cannot say why."""
    parse = ec2._parse_ip_permissions

    def parse_whole(params, prefix):
        rules = parse(params, prefix)
        for i, rule in enumerate(rules, 1):
            j = 1
            while name := ec2._p(params, f"{prefix}.{i}.PrefixListIds.{j}.PrefixListId"):
                entry = {"PrefixListId": name}
                if description := ec2._p(params, f"{prefix}.{i}.PrefixListIds.{j}.Description"):
                    entry["Description"] = description
                rule["PrefixListIds"].append(entry)
                j += 1
        return rules

    xml = ec2._sg_rule_xml

    def xml_whole(group, rule, is_egress=False):
        """A rule that names a prefix list is shown as one of no addresses at all; its id is made of all it names, so it is put in for them."""
        if not rule.get("PrefixListIds"):
            return xml(group, rule, is_egress)
        own, id_of = ec2._sg_rule_id(group, is_egress, rule), ec2._sg_rule_id
        ec2._sg_rule_id = lambda *_: own
        try:
            return "".join(
                xml(group, {**rule, "PrefixListIds": [], "IpRanges": [{**entry, "CidrIp": "-"}]}, is_egress).replace(
                    "<cidrIpv4>-</cidrIpv4>", f"<prefixListId>{entry['PrefixListId']}</prefixListId>"
                )
                for entry in rule["PrefixListIds"]
            )
        finally:
            ec2._sg_rule_id = id_of

    ec2._parse_ip_permissions = parse_whole
    ec2._sg_rule_xml = xml_whole


def endpoint_policies(ec2):
    """A VPC endpoint is made without its policy, and shows none: a change at every plan."""
    create, fields = ec2._create_vpc_endpoint, ec2._vpce_fields_xml

    def create_whole(params):
        before = set(ec2._vpc_endpoints)
        answer = create(params)
        for name in set(ec2._vpc_endpoints) - before:
            ec2._vpc_endpoints[name]["PolicyDocument"] = ec2._p(params, "PolicyDocument")
        return answer

    def fields_whole(endpoint, tag="item"):
        policy = element("policyDocument", endpoint.get("PolicyDocument"))
        return fields(endpoint, tag).replace("<routeTableIdSet>", f"{policy}<routeTableIdSet>", 1)

    ec2._ACTION_MAP["CreateVpcEndpoint"] = create_whole
    ec2._vpce_fields_xml = fields_whole


def interface_endpoints(ec2):
    """An interface endpoint forgets its security groups and whether it answers to the service's usual name: both are a change at every plan, and adding
    them again does nothing.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
    """
    create, modify, fields = ec2._create_vpc_endpoint, ec2._modify_vpc_endpoint, ec2._vpce_fields_xml

    def create_whole(params):
        before = set(ec2._vpc_endpoints)
        answer = create(params)
        for name in set(ec2._vpc_endpoints) - before:
            ec2._vpc_endpoints[name]["Groups"] = ec2._parse_member_list(params, "SecurityGroupId")
            ec2._vpc_endpoints[name]["PrivateDnsEnabled"] = ec2._p(params, "PrivateDnsEnabled") == "true"
        return answer

    def modify_whole(params):
        answer = modify(params)
        endpoint = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"))
        if answer[0] == 200 and endpoint:
            removed = ec2._parse_member_list(params, "RemoveSecurityGroupId")
            kept = [group for group in endpoint.get("Groups", []) if group not in removed]
            added = ec2._parse_member_list(params, "AddSecurityGroupId")
            endpoint["Groups"] = kept + [group for group in added if group not in kept]
            if asked := ec2._p(params, "PrivateDnsEnabled"):
                endpoint["PrivateDnsEnabled"] = asked == "true"
        return answer

    def fields_whole(endpoint, tag="item"):
        if endpoint.get("VpcEndpointType") != "Interface":
            return fields(endpoint, tag)
        groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint.get("Groups", []))
        dns = element("privateDnsEnabled", endpoint.get("PrivateDnsEnabled", False))
        own = f"<groupSet>{groups}</groupSet>{dns}"
        return fields(endpoint, tag).replace("<routeTableIdSet>", f"{own}<routeTableIdSet>", 1)

    ec2._ACTION_MAP["CreateVpcEndpoint"] = create_whole
    ec2._ACTION_MAP["ModifyVpcEndpoint"] = modify_whole
    ec2._create_vpc_endpoint = create_whole
    ec2._vpce_fields_xml = fields_whole


def template_interfaces(ec2):
    """A launch template forgets whether its network interfaces end with their instance, and shows their security groups under a name that no SDK reads
    (`item` for `groupId`): a change at every plan, by a new version each time.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateInstanceNetworkInterfaceSpecification.html
    """
    parse, xml = ec2._parse_lt_data, ec2._lt_data_xml

    def parse_whole(params, prefix="LaunchTemplateData"):
        data = parse(params, prefix)
        for i, interface in enumerate(data.get("NetworkInterfaces", []), 1):
            if asked := ec2._p(params, f"{prefix}.NetworkInterface.{i}.DeleteOnTermination"):
                interface["DeleteOnTermination"] = asked.lower() == "true"
        return data

    def xml_of(interface):
        """One `item`."""
        groups = "".join(element("groupId", group) for group in interface.get("Groups", []))
        ends = element("deleteOnTermination", interface.get("DeleteOnTermination"))
        rest = {name: value for name, value in interface.items() if name != "Groups"}
        own = f"<item>{ends}<groupSet>{groups}</groupSet>"
        text = xml({"NetworkInterfaces": [rest]}).replace("<item>", own, 1)
        return text.removeprefix("<networkInterfaceSet>").removesuffix("</networkInterfaceSet>")

    def xml_whole(data):
        interfaces = "".join(xml_of(interface) for interface in data.get("NetworkInterfaces", []))
        rest = xml({name: value for name, value in data.items() if name != "NetworkInterfaces"})
        return rest + (f"<networkInterfaceSet>{interfaces}</networkInterfaceSet>" if interfaces else "")

    ec2._parse_lt_data = parse_whole
    ec2._lt_data_xml = xml_whole


def network(ec2):
    whole_flow_logs(ec2)
    template_interfaces(ec2)
    prefix_lists_in_rules(ec2)
    interface_endpoints(ec2)
    endpoint_policies(ec2)


def tree(params, prefix):
    """What the query protocol sends under `prefix`, as it was before it was flattened; a list's members by their numbers, under `member`."""
    found = {}
    for name, value in params.items():
        if not name.startswith(f"{prefix}."):
            continue
        *above, last = name.removeprefix(f"{prefix}.").split(".")
        at = found
        for key in above:
            at = at.setdefault(key, {})
        at[last] = value
    return listed(found)


def listed(node):
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"}:
        return [listed(node["member"][key]) for key in sorted(node["member"], key=int)]
    return {key: listed(value) for key, value in node.items()}


def mixed_instances(autoscaling):
    """An auto scaling group forgets its mixed instances policy (spot instances of several types), and an update takes no other launch template: a change
    at every plan.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html: a group has a launch template or a policy, and the newer one takes
    the older one's place.
    """
    create, update, describe = autoscaling._create_asg, autoscaling._update_asg, autoscaling._describe_asgs

    def remembering(act):
        def call(params):
            answer = act(params)
            if answer[0] != 200:
                return answer
            group = autoscaling._asgs[autoscaling._p(params, "AutoScalingGroupName")]
            if policy := tree(params, "MixedInstancesPolicy"):
                group["MixedInstancesPolicy"], group["LaunchTemplate"] = policy, {}
            elif template := tree(params, "LaunchTemplate"):
                group.pop("MixedInstancesPolicy", None)
                group["LaunchTemplate"] = {"Version": "$Default", **template}
            return answer

        return call

    def describe_whole(params):
        status, headers, body = describe(params)
        text = body.decode()
        for name, group in autoscaling._asgs.items():
            own = f"<AutoScalingGroupName>{name}</AutoScalingGroupName>"
            text = text.replace(own, own + element("MixedInstancesPolicy", group.get("MixedInstancesPolicy")), 1)
        return status, headers, text.encode()

    autoscaling._ACTION_MAP["CreateAutoScalingGroup"] = remembering(create)
    autoscaling._ACTION_MAP["UpdateAutoScalingGroup"] = remembering(update)
    autoscaling._ACTION_MAP["DescribeAutoScalingGroups"] = describe_whole


def traced_state_machines(stepfunctions):
    """A state machine forgets whether it is traced: a change at every plan, and of every policy that names its ARN."""
    create, update = stepfunctions._create_state_machine, stepfunctions._update_state_machine

    def remembering(act):
        def call(data):
            answer = act(data)
            arn = data.get("stateMachineArn") or json.loads(answer[2]).get("stateMachineArn")
            machine = stepfunctions._state_machines.get(arn)
            if answer[0] == 200 and machine and "tracingConfiguration" in data:
                machine["tracingConfiguration"] = data["tracingConfiguration"]
            return answer

        return call

    stepfunctions._create_state_machine = remembering(create)
    stepfunctions._update_state_machine = remembering(update)


# https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html, version 2
DEFAULT_FLOW_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)


def forgiving_api_keys(apigateway):
    """The provider sends an empty value for a key that AWS shall make, and a usage plan without a quota must not answer one of 0."""
    create_key, create_plan = apigateway._create_api_key, apigateway._create_usage_plan

    def key(data):
        return create_key({name: value for name, value in data.items() if (name, value) != ("value", "")})

    def plan(data):
        status, headers, body = create_plan(data)
        if status == 201:
            stored = apigateway._usage_plans[json.loads(body)["id"]]
            for name in ("quota", "throttle"):
                if not stored[name]:
                    del stored[name]
            return apigateway._v1_response(stored, 201)
        return status, headers, body

    apigateway._create_api_key = key
    apigateway._create_usage_plan = plan


def stream_tags(kinesis):
    """CreateStream drops its tags: a stream made with tags shows a change at every plan, and so does every policy that names its ARN."""
    create = kinesis._create_stream

    def create_tagged(data):
        answer = create(data)
        if answer[0] == 200:
            kinesis._streams[data["StreamName"]]["tags"].update(data.get("Tags") or {})
        return answer

    kinesis._create_stream = create_tagged


def first_expires_first(kinesis):
    """Every put and every read copied the list of all records of the stream to leave out those past its retention: a million records took minutes
    of that alone. Records stand in the order of their arrival, so the first one tells whether there is anything to leave out."""

    expire = kinesis._expire_records

    def expire_if_due(stream):
        cutoff = kinesis.time.time() - stream["RetentionPeriodHours"] * 3600
        first = (shard["records"][0] for shard in stream["shards"].values() if shard["records"])
        if any(record["ApproximateArrivalTimestamp"] < cutoff for record in first):
            expire(stream)

    kinesis._expire_records = expire_if_due


def kinesis_streams(kinesis):
    stream_tags(kinesis)
    first_expires_first(kinesis)


def multipart_tags(s3):
    """An object uploaded in parts loses the tags that came with the first request: a change at every plan."""
    start, complete = s3._create_multipart_upload, s3._complete_multipart_upload

    def start_tagged(bucket, key, headers):
        before = set(s3._multipart_uploads)
        answer = start(bucket, key, headers)
        for upload in set(s3._multipart_uploads) - before:
            tags = s3._parse_qs(headers.get("x-amz-tagging", ""), keep_blank_values=True)
            s3._multipart_uploads[upload]["tags"] = {name: values[0] for name, values in tags.items()}
        return answer

    def complete_tagged(bucket, key, body, query, headers):
        upload = query.get("uploadId")
        upload = upload[0] if isinstance(upload, list) else upload
        tags = s3._multipart_uploads.get(upload, {}).get("tags")
        answer = complete(bucket, key, body, query, headers)
        if tags and answer[0] == 200:
            version = s3._buckets[bucket]["objects"][key].get("version_id")
            s3._object_tags[(bucket, key, version)] = tags
        return answer

    s3._create_multipart_upload = start_tagged
    s3._complete_multipart_upload = complete_tagged


def pointed_patches(apigateway):
    """A patch names members by JSON pointer, where `~1` is a slash: left as it is, an edited template comes to stand beside the old one
    as `application~1json`, and Terraform stops with an inconsistent final plan."""

    def apply_patch(patched, operations):
        for operation in operations:
            path = operation.get("path", "").lstrip("/")
            *above, last = [key.replace("~1", "/").replace("~0", "~") for key in path.split("/")]
            if not last:
                continue
            target = patched
            removes = operation.get("op", "replace") == "remove"
            for key in above:
                if not isinstance(target.get(key), dict):
                    if removes:
                        target = {}
                        break
                    target[key] = {}
                target = target[key]
            if removes:
                target.pop(last, None)
            else:
                target[last] = operation.get("value")
        return patched

    apigateway._apply_patch = apply_patch


def bare_mocks(apigateway):
    """A MOCK integration calls nothing, and is given a method (POST) to call with all the same: Terraform plans to replace it, every time."""
    put = apigateway._put_integration

    def put_bare(api_id, resource_id, http_method, data):
        answer = put(api_id, resource_id, http_method, data)
        if answer[0] != 201 or data.get("type") != "MOCK":
            return answer
        integration = apigateway._resources[api_id][resource_id]["resourceMethods"][http_method]["methodIntegration"]
        for name in ("httpMethod", "uri", "connectionType"):
            if name not in data:
                integration.pop(name, None)
        return apigateway._v1_response(integration, 201)

    apigateway._put_integration = put_bare


def api_gateway(apigateway):
    bare_mocks(apigateway)
    forgiving_api_keys(apigateway)
    pointed_patches(apigateway)


def versions_in_events(s3):
    """S3's events to EventBridge leave out the object's version, which AWS names as `version-id`: who loads each version once could not.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    from ministack.services import eventbridge

    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event
    version = contextvars.ContextVar("version", default=None)

    def fire_versioned(*args, **named):
        token = version.set(named.get("version_id"))
        try:
            fire(*args, **named)
        finally:
            version.reset(token)

    def dispatch_versioned(event, view=None):
        if version.get() and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"].setdefault("version-id", version.get())
            event, view = {**event, "Detail": json.dumps(detail)}, None
        return dispatch(event, view)

    s3._fire_s3_event = fire_versioned
    eventbridge._dispatch_event = dispatch_versioned


def restored_versions(s3):
    """ListObjectVersions does not say whether an archived object has been restored (AWS does for who asks for `RestoreStatus`; here always): whoever
    waits for it by listing waits for ever.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html
    """
    list_versions = s3._list_object_versions
    version = re.compile(r"<Version>(.*?)</Version>", re.DOTALL)

    def status_of(bucket, key):
        restore = bucket["objects"].get(key, {}).get("restore")
        if not restore or time.time() >= restore["expires_at"]:
            return ""
        under_way = time.time() < restore["available_at"]
        expiry = "" if under_way else element("RestoreExpiryTimestamp", restore["expires_at"])
        expiry = expiry.replace("RestoreExpiryTimestamp", "RestoreExpiryDate")
        return f"<RestoreStatus>{element('IsRestoreInProgress', under_way)}{expiry}</RestoreStatus>"

    def with_status(bucket, inside):
        key = re.match(r"<Key>(.+?)</Key>", inside, re.DOTALL)
        newest = "<IsLatest>true</IsLatest>" in inside
        return inside + (status_of(bucket, unescape(key[1])) if key and newest else "")

    def list_restored(bucket, query):
        status, headers, body = list_versions(bucket, query)
        if status != 200:
            return status, headers, body
        held = s3._ensure_bucket(bucket)
        text = version.sub(lambda m: f"<Version>{with_status(held, m[1])}</Version>", body.decode())
        return status, headers, text.encode()

    s3._list_object_versions = list_restored


def encoded_versions(s3):
    """ListObjectVersions passes over `encoding-type=url`, and who asked for it decodes what is none: a key with `+` or `%` becomes another one, which
    nobody finds (and Terraform never empties the bucket).

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    list_versions = s3._list_object_versions
    named = re.compile(r"<(Key|Prefix|Delimiter|KeyMarker|NextKeyMarker)>(.+?)</\1>", re.DOTALL)

    def list_encoded(bucket, query):
        status, headers, body = list_versions(bucket, query)
        if status != 200 or s3._qp(query, "encoding-type", "") != "url":
            return status, headers, body
        text = named.sub(lambda m: f"<{m[1]}>{s3._url_encode(unescape(m[2]))}</{m[1]}>", body.decode())
        end = "</ListVersionsResult>"
        return status, headers, text.replace(end, f"<EncodingType>url</EncodingType>{end}").encode()

    s3._list_object_versions = list_encoded


def s3_bucket(s3):
    restored_versions(s3)
    encoded_versions(s3)
    multipart_tags(s3)
    versions_in_events(s3)


# Lambda's limit of a synchronous call, and so of a batch.
INVOKE_BYTES = 6 * 1024 * 1024


def shortened_invisibility(sqs):
    """A message that was taken stays unseen for its visibility timeout, which for a loader is half an hour: shortened like every other wait."""
    collect = sqs._collect_msgs
    sqs._collect_msgs = lambda queue, most, seconds: collect(queue, most, seconds / SPEED)


def rights_of_batches(iam_actions):
    """SendMessageBatch asks for a right of its own name, which AWS does not have: there sqs:SendMessage is the right to send one or ten.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    extract = iam_actions.extract_iam_action

    def without_batch(*request):
        action = extract(*request)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = without_batch


def queues(sqs):
    from ministack.core import iam_actions

    shortened_invisibility(sqs)
    rights_of_batches(iam_actions)
    message_moves(sqs)


def whole_batches(lambda_svc):
    """An event source mapping gives a function at most 10 messages of a queue, at once: the batch size up to 10,000 and the batching window are read by
    nobody, so that what AWS hands over together comes here in many calls.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: a batch goes when the window is over, it is full, or it has 6 MB.
    """
    from ministack.services import sqs

    concurrency = lambda_svc._sqs_esm_concurrency

    def visible(queue):
        now = time.time()
        for message in queue["messages"]:
            sqs._ensure_msg_fields(message)
        return [message for message in queue["messages"] if message["visible_at"] <= now]

    def fitting(messages):
        """How many of them are one call."""
        size = 0
        for count, message in enumerate(messages):
            size += len(message["body"]) + 1024  # attributes, handle, id
            if size > INVOKE_BYTES:
                return max(count, 1)
        return len(messages)

    def when_gathered(esm, func_rec, config, queue=None):
        window = esm.get("MaximumBatchingWindowInSeconds", 0) / SPEED
        if queue and window:
            waiting = visible(queue)
            full = len(waiting) >= esm.get("BatchSize", 10) or fitting(waiting) < len(waiting)
            if waiting and not full and time.time() - min(m["visible_at"] for m in waiting) < window:
                return 0
        return concurrency(esm, func_rec, config, queue)

    def receive(queue_url, most):
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            seconds = int(queue["attributes"].get("VisibilityTimeout", "30"))
            return sqs._collect_msgs(queue, min(int(most or 1), fitting(visible(queue)) or 1), seconds)

    lambda_svc._sqs_esm_concurrency = when_gathered
    sqs._receive_messages_for_esm = receive


def functions(lambda_svc):
    whole_batches(lambda_svc)
    settings_of_the_alias(lambda_svc)


def shortened_rates(scheduler):
    """A schedule of every hour would never come round in a run: a `rate` is shortened like every other wait. Times of day (`cron`, `at`) are not, nor
    the rules of EventBridge, whose ticker is another thread."""
    from ministack.services import eventbridge

    parse = eventbridge._parse_rate_seconds

    def parse_shortened(expression):
        seconds = parse(expression)
        ours = threading.current_thread() is scheduler._ticker_thread
        return seconds / SPEED if seconds and ours else seconds

    eventbridge._parse_rate_seconds = parse_shortened
    scheduler._SCHEDULE_TICK_INTERVAL = max(10 / SPEED, 0.5)


CORRECTIONS = {
    "autoscaling": mixed_instances,
    "eventbridge": functions_of_rules,
    "lambda_svc": functions,
    "sqs": queues,
    "cloudwatch": whole_alarms,
    "ec2": network,
    "apigateway_v1": api_gateway,
    "kinesis": kinesis_streams,
    "s3": s3_bucket,
    "scheduler": shortened_rates,
    "stepfunctions": traced_state_machines,
}

"""Where ministack 1.5.33 calls a function for an event, and nobody waits for the answer: how often it tries, and who is told of what failed."""

import contextvars
import datetime
import fnmatch
import json


def settings_of_the_alias(lambda_svc):
    """The tries and the failure destination of an alias are looked for with the version it leads to, which has none: a failed run would be run twice more and then
    be forgotten. And whatever the settings, the destination is told of three tries.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    call, tell = lambda_svc.invoke_async_with_retry, lambda_svc._route_async_failure
    of_call = contextvars.ContextVar("of_call")

    def call_by_settings(func, event):
        arn = (func.get("config") or func)["FunctionArn"]
        _, qualifier = lambda_svc._lambda_function_name_and_qualifier_from_arn(arn)
        base, _, _ = lambda_svc._get_base_func_record_for_ref(arn)
        settings = lambda_svc._event_invoke_config(base, qualifier) if base else None
        # ministack goes on in a copy of this context.
        of_call.set((arn, settings or {}))
        call({**func, "event_invoke_config": settings, "event_invoke_configs": {}}, event)

    def tell_of_the_tries(target_arn, func_name, event, result):
        arn, settings = of_call.get()
        destination = (settings.get("DestinationConfig") or {}).get("OnFailure") or {}
        if destination.get("Destination") != target_arn or target_arn.split(":")[2] != "sqs":
            return tell(target_arn, func_name, event, result)
        record = {
            "version": "1.0",
            "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestContext": {
                "requestId": lambda_svc.new_uuid(),
                "functionArn": arn,
                "condition": "RetriesExhausted",
                "approximateInvokeCount": settings["MaximumRetryAttempts"] + 1,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": result.get("function_error") or "Unhandled"},
            "responsePayload": result.get("body"),
        }
        send(target_arn, json.dumps(record))

    lambda_svc.invoke_async_with_retry = call_by_settings
    lambda_svc._route_async_failure = tell_of_the_tries


def functions_of_rules(eventbridge):
    """A rule calls its function as somebody who waits does: what fails is tried by nobody again and told to nobody. And what cannot be called at all (there is no such
    function, or no permission lets the rule call it) is called or is a line of the log, where AWS puts the event into the target's dead-letter queue.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    invoke = eventbridge._invoke_target
    of_target = contextvars.ContextVar("of_target")

    def invoke_target(target, event, rule, view=None):
        token = of_target.set((target, rule.get("Arn", "")))
        try:
            return invoke(target, event, rule, view)
        finally:
            of_target.reset(token)

    def call(arn, payload):
        from ministack.services import lambda_svc

        target, rule_arn = of_target.get()
        func, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if not func or not config:
            return undelivered(target, rule_arn, payload, "NO_RESOURCE", f"there is no function {arn}")
        base, _, _ = lambda_svc._get_base_func_record_for_ref(arn)
        # A schedule of EventBridge Scheduler calls under a role of its own.
        if not target.get("RoleArn") and not permits(base["policy"], arn, rule_arn):
            return undelivered(target, rule_arn, payload, "NO_PERMISSIONS", f"no permission of {arn} lets {rule_arn} call it")
        record = lambda_svc._execution_record_for_config(func, {**config, "FunctionArn": arn})
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._invoke_target = invoke_target
    eventbridge._dispatch_to_lambda = call


def permits(policy, function_arn, rule_arn):
    """Whether a function's policy lets a rule call it, by this very name (a permission of an alias is not one of its function)."""

    def one(statement):
        source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
        return (
            statement["Principal"] in ("*", {"Service": "events.amazonaws.com"})
            and statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
            and statement["Resource"] == function_arn
            and fnmatch.fnmatchcase(rule_arn, source)
        )

    return any(one(statement) for statement in policy["Statement"])


def undelivered(target, rule_arn, payload, code, message):
    """Neither error passes by waiting, so it is not tried again, whatever the target's retry policy says."""
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue_arn:
        reason = {"RULE_ARN": rule_arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": message}
        send(queue_arn, payload, reason)


def send(queue_arn, body, attributes=None):
    """A message of AWS's own to a queue of this account; one to a queue that is gone is lost, as there."""
    from ministack.services import sqs

    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        return
    named = {name: {"DataType": "String", "StringValue": text} for name, text in (attributes or {}).items()}
    message = {"id": sqs.new_uuid(), "body": body, "message_attributes": named, "md5_attrs": sqs._md5_msg_attrs(named)}
    sqs._ensure_msg_fields(message)
    queue["messages"].append(message)
    sqs.esm_wake.set()

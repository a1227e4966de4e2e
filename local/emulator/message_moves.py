"""Moves what lies in a dead-letter queue on to another queue: StartMessageMoveTask and ListMessageMoveTasks, which ministack 1.5.33 answers with InvalidAction.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html

On AWS a task goes on after its call was answered, and can be cancelled. Here it is over by then. What somebody has taken at that moment stays where it is.
"""

import json
import time
import uuid


def message_moves(sqs):
    done = {}  # tasks by the source's ARN, the last one first

    def is_dead_letter_queue(arn):
        policies = (queue["attributes"].get("RedrivePolicy") for _, queue in sqs._queues.all_items())
        return any(json.loads(policy).get("deadLetterTargetArn") == arn for policy in policies if policy)

    def found(data, name):
        queue = sqs._queue_by_arn(data[name])
        if queue is None:
            raise sqs._Err("ResourceNotFoundException", f"The resource that you specified for the {name} parameter doesn't exist.", 404)
        return queue

    def start(data, _url):
        arn = data.get("SourceArn", "")
        with sqs._queues_lock:
            source = found({"SourceArn": arn}, "SourceArn")
            if not is_dead_letter_queue(arn):
                raise sqs._Err("UnsupportedOperation", "Source queue must be configured as a Dead Letter Queue.", 400)
            to = found(data, "DestinationArn") if data.get("DestinationArn") else None
            task = {
                "TaskHandle": str(uuid.uuid4()),
                "SourceArn": arn,
                **({"DestinationArn": data["DestinationArn"]} if to is not None else {}),
                "StartedTimestamp": int(time.time() * 1000),
                "ApproximateNumberOfMessagesToMove": len(source["messages"]),
            }
            moved, failure = move(source, to)
            task |= {"Status": "FAILED" if failure else "COMPLETED", "ApproximateNumberOfMessagesMoved": moved}
            done.setdefault(arn, []).insert(0, task | ({"FailureReason": failure} if failure else {}))
        sqs.esm_wake.set()
        return {"TaskHandle": task["TaskHandle"]}

    def move(source, to):
        """Each as a new message: another id, another time, received by nobody. The first whose queue is not known ends the task."""
        moved = 0
        for message in list(source["messages"]):
            sqs._ensure_msg_fields(message)
            if message["visible_at"] > time.time():
                continue
            origin = message.get("sys", {}).get("DeadLetterQueueSourceArn", "")
            target = to if to is not None else sqs._queue_by_arn(origin)
            if target is None:
                return moved, "CouldNotDetermineMessageSource"
            now = time.time()
            sys = {name: value for name, value in message.get("sys", {}).items() if name != "DeadLetterQueueSourceArn"}
            target["messages"].append({
                **message,
                "id": str(uuid.uuid4()),
                "receipt_handle": None,
                "receive_count": 0,
                "first_receive_at": None,
                "sent_at": now,
                "enqueued_at": now,
                "visible_at": now,
                "sys": sys | {"SentTimestamp": str(int(now * 1000))},
            })
            source["messages"].remove(message)
            moved += 1
        return moved, None

    def list_tasks(data, _url):
        found(data, "SourceArn")
        tasks = done.get(data["SourceArn"], [])[: int(data.get("MaxResults") or 1)]
        # A handle is shown of a task that goes on, and none does.
        return {"Results": [{name: value for name, value in task.items() if name != "TaskHandle"} for task in tasks]}

    sqs._HANDLERS.update({"StartMessageMoveTask": start, "ListMessageMoveTasks": list_tasks})

"""The processor as AWS's Python blueprint for Firehose has it: base64, json, and a batch that goes on after a bad record."""
import base64
import json
import math
import sys
import time


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def handler(event, context=None):
    output = []
    for record in event["records"]:
        try:
            payload = json.loads(base64.b64decode(record["data"], validate=True).decode("utf-8"))
            fuel, lap = payload["fuel_consumption"], payload["lap_time"]
            if not (is_number(fuel) and is_number(lap) and math.isfinite(fuel * lap)):
                raise ValueError("not a number")
            if payload.get("EXTRA2", fuel * lap) != fuel * lap:
                raise ValueError("EXTRA2 is there")
            payload["EXTRA2"] = fuel * lap
            data = base64.b64encode((json.dumps(payload) + "\n").encode("utf-8")).decode("ascii")
            output.append({"recordId": record["recordId"], "result": "Ok", "data": data})
        except Exception:
            output.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
    return {"records": output}


def main():
    """EVENT answer: prints the answer. EVENT SECONDS: prints records a CPU-second."""
    with open(sys.argv[1], encoding="utf-8") as file:
        event = json.load(file)
    if sys.argv[2] == "answer":
        print(json.dumps(handler(event)))
        return
    for _ in range(5):
        handler(event)
    records, started = 0, time.process_time()
    while time.process_time() - started < float(sys.argv[2]):
        handler(event)
        records += len(event["records"])
    print(records / (time.process_time() - started))


main()

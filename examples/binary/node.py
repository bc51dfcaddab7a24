"""A register for each key, kept by n1; the other nodes pass on what clients ask them.

chaos fuzz --binary 'python3 examples/binary/node.py' --seeds 20               finds nothing
chaos fuzz --binary 'python3 examples/binary/node.py --forgetful' --seeds 100  finds writes that a restart forgets
"""
import json
import sys

FORGETFUL = "--forgetful" in sys.argv
me = ""
values = {}
done = set()


def serve(request):
    """The answer, and what must be on disk before anyone hears it."""
    f, key, value = request["f"], request.get("key", ""), request.get("value")
    if f == "read":
        return {"type": "ok", "value": values.get(key)}, []
    if f == "cas":
        expected, value = value
        if values.get(key) != expected:
            return {"type": "fail", "error": "mismatch"}, []
    values[key] = value
    return {"type": "ok", "value": request["value"]}, [{"type": "persist", "record": [key, value]}]


def step(event):
    """The effects of an event, which are carried out in order."""
    global me
    if event["type"] == "init":
        me = event["id"]
        values.clear()
        done.clear()
        values.update([] if FORGETFUL else event["journal"])
        return []
    if event["type"] == "request":
        name, request = event["requestId"], event["input"]
        if me != "n1":
            return [{"type": "send", "to": "n1", "message": {"ask": name, "input": request}}]
        result, effects = serve(request)
        return effects + [{"type": "reply", "requestId": name, "result": result}]
    message = event["message"]
    if "ask" not in message:
        return [] if message["told"] in done else told(message)
    name = (event["from"], message["ask"])
    if name in done:  # The network may deliver a message twice.
        return []
    done.add(name)
    result, effects = serve(message["input"])
    return effects + [{"type": "send", "to": event["from"], "message": {"told": message["ask"], "result": result}}]


def told(message):
    done.add(message["told"])
    return [{"type": "reply", "requestId": message["told"], "result": message["result"]}]


for line in sys.stdin:
    effects = step(json.loads(line))
    status = {"role": "primary" if me == "n1" else "proxy", "leads": me == "n1", "ready": True}
    # Reusable: init forgets everything, so that a process can be the next node, too.
    print(json.dumps({"effects": effects, "status": status, "reusable": True}), flush=True)

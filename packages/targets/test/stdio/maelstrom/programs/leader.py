"""Every node asks n1, which holds everything. Wrong: each node answers by itself. Counter: reads return a sum."""

import json
import sys

wrong = "wrong" in sys.argv
counts = "counter" in sys.argv
me = None
next_id = 0
asked = {}
registers, lists, elements, total = {}, {}, [], 0
logs, committed = {}, {}


def send(dest, body):
    global next_id
    next_id += 1
    print(json.dumps({"src": me, "dest": dest, "body": {**body, "msg_id": next_id}}), flush=True)
    return next_id


def answer(body):
    global total
    kind = body["type"]
    if kind == "echo":
        return {"echo": body["echo"] if not wrong else body["echo"].upper()}
    if kind == "generate":
        total += 1
        return {"id": total}
    if kind in ("broadcast", "add"):
        if "delta" in body:
            total += body["delta"]
        else:
            elements.append(body.get("message", body.get("element")))
        return {}
    if kind == "read" and "key" in body:
        if body["key"] not in registers:
            return {"type": "error", "code": 20, "text": "no such key"}
        return {"value": registers[body["key"]]}
    if kind == "read":
        return {"value": total if counts else elements, "messages": elements}
    if kind == "write":
        registers[body["key"]] = body["value"]
        return {}
    if kind == "cas":
        if body["key"] not in registers:
            return {"type": "error", "code": 20, "text": "no such key"}
        if registers[body["key"]] != body["from"]:
            return {"type": "error", "code": 22, "text": "another value"}
        registers[body["key"]] = body["to"]
        return {}
    if kind == "txn":
        done = []
        for f, key, value in body["txn"]:
            if f == "r":
                held = lists.get(key, registers.get(key))
                done.append([f, key, list(held) if isinstance(held, list) else held])
            else:
                if f == "append":
                    lists.setdefault(key, []).append(value)
                else:
                    registers[key] = value
                done.append([f, key, value])
        return {"txn": done}
    if kind == "send":
        log = logs.setdefault(body["key"], [])
        log.append([3 * len(log) + 1, body["msg"]])
        return {"offset": log[-1][0]}
    if kind == "poll":
        return {"msgs": {k: [m for m in logs.get(k, []) if m[0] >= at][:10] for k, at in body["offsets"].items()}}
    if kind == "commit_offsets":
        for key, offset in body["offsets"].items():
            committed[key] = max(offset, committed.get(key, 0))
        return {}
    if kind == "list_committed_offsets":
        return {"offsets": {k: committed[k] for k in body["keys"] if k in committed}}
    return {"type": "error", "code": 10, "text": "no " + kind}


for line in sys.stdin:
    message = json.loads(line)
    src, body = message["src"], message["body"]
    kind, msg_id = body["type"], body.get("msg_id")
    if body.get("in_reply_to") in asked:
        client, request = asked.pop(body["in_reply_to"])
        send(client, {**body, "in_reply_to": request})
    elif kind == "init":
        me = body["node_id"]
        send(src, {"type": "init_ok", "in_reply_to": msg_id})
    elif kind == "topology":
        send(src, {"type": "topology_ok", "in_reply_to": msg_id})
    elif me == "n1" or wrong or src.startswith("n"):
        reply = answer(body)
        send(src, {"type": kind + "_ok", **reply, "in_reply_to": msg_id})
    else:
        asked[send("n1", {k: v for k, v in body.items() if k != "msg_id"})] = (src, msg_id)

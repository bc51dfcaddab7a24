#!/usr/bin/env python3
"""Raft for a key-value store, as a tutorial has it: everything goes through the log, reads too. Wrong: the leader of a term
answers reads by itself, whether or not it still leads."""

import asyncio
import random
import sys
import time

from maelstrom import Failure, Node

wrong = "wrong" in sys.argv
node = Node()

HEARTBEAT = 0.05
ELECTION = 0.4

term, voted_for, state, leader = 0, None, "follower", None
log = [{"term": 0, "op": None}]
commit, applied = 0, 0
store = {}
deadline = 0.0
next_index, match_index = {}, {}
results = {}


def others():
    return [n for n in node.ids if n != node.id]


def rest():
    global deadline
    deadline = time.monotonic() + ELECTION * (1 + random.random())


def step_down(new_term):
    global term, voted_for, state
    if new_term > term:
        term, voted_for = new_term, None
    state = "follower"
    rest()


async def stand():
    global term, voted_for, state, leader
    term += 1
    voted_for, state, leader = node.id, "candidate", None
    rest()
    mine, votes = term, {node.id}

    async def ask(other):
        try:
            answer = await node.rpc(
                other,
                {"type": "request_vote", "term": mine, "last": len(log) - 1, "last_term": log[-1]["term"]},
                0.3,
            )
        except Failure:
            return
        if answer["term"] > term:
            return step_down(answer["term"])
        if answer["granted"] and state == "candidate" and term == mine:
            votes.add(other)
            if len(votes) > len(node.ids) // 2:
                lead()

    await asyncio.gather(*(ask(other) for other in others()))


def lead():
    global state, leader, next_index, match_index
    print("leads term", term, file=sys.stderr)
    state, leader = "leader", node.id
    next_index = {n: len(log) for n in others()}
    match_index = {n: 0 for n in others()}
    log.append({"term": term, "op": None})
    for other in others():
        asyncio.get_running_loop().create_task(replicate(other, term))


async def replicate(other, mine):
    while state == "leader" and term == mine:
        begin = next_index[other]
        entries = log[begin : begin + 50]
        try:
            answer = await node.rpc(
                other,
                {
                    "type": "append_entries",
                    "term": mine,
                    "previous": begin - 1,
                    "previous_term": log[begin - 1]["term"],
                    "entries": entries,
                    "commit": commit,
                },
                0.2,
            )
        except Failure:
            continue
        if answer["term"] > term:
            return step_down(answer["term"])
        if state != "leader" or term != mine:
            return
        if answer["success"]:
            next_index[other] = begin + len(entries)
            match_index[other] = max(match_index[other], begin + len(entries) - 1)
            advance()
        else:
            next_index[other] = max(1, begin - 1)
        if next_index[other] >= len(log):
            await asyncio.sleep(HEARTBEAT if commit == len(log) - 1 else 0.005)


def advance():
    global commit
    known = sorted([len(log) - 1, *match_index.values()], reverse=True)[len(node.ids) // 2]
    if known > commit and log[known]["term"] == term:
        commit = known
    apply()


def apply():
    global applied
    while applied < commit:
        applied += 1
        entry = log[applied]
        answer = None if entry["op"] is None else execute(entry["op"])
        waiting = results.pop(applied, None)
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(answer if waiting[0] == entry["term"] else Failure(11, "lost the lead"))


def execute(op):
    kind, key = op["type"], str(op["key"])
    if kind == "write":
        store[key] = op["value"]
        return {}
    if key not in store:
        return Failure(20, "no such key")
    if kind == "read":
        return {"value": store[key]}
    if store[key] != op["from"]:
        return Failure(22, "another value")
    store[key] = op["to"]
    return {}


async def request(src, body):
    op = {k: v for k, v in body.items() if k != "msg_id"}
    if state != "leader":
        if leader is None or leader == node.id or src in node.ids:
            raise Failure(11, "not the leader")
        answer = await node.rpc(leader, op)
        return {k: v for k, v in answer.items() if k not in ("type", "in_reply_to", "msg_id")}
    if wrong and op["type"] == "read":
        answer = execute(op)
    else:
        log.append({"term": term, "op": op})
        reply = asyncio.get_running_loop().create_future()
        results[len(log) - 1] = (term, reply)
        answer = await reply
    if isinstance(answer, Failure):
        raise answer
    return answer


@node.handler
async def request_vote(src, body):
    global voted_for
    if body["term"] > term:
        step_down(body["term"])
    recent = (body["last_term"], body["last"]) >= (log[-1]["term"], len(log) - 1)
    granted = body["term"] == term and voted_for in (None, src) and recent
    if granted:
        voted_for = src
        rest()
    return {"term": term, "granted": granted}


@node.handler
async def append_entries(src, body):
    global leader, commit
    if body["term"] < term:
        return {"term": term, "success": False}
    step_down(body["term"])
    leader = src
    previous = body["previous"]
    if previous >= len(log) or log[previous]["term"] != body["previous_term"]:
        return {"term": term, "success": False}
    for at, entry in enumerate(body["entries"], previous + 1):
        if at < len(log) and log[at]["term"] != entry["term"]:
            del log[at:]
        if at >= len(log):
            log.append(entry)
    last = previous + len(body["entries"])
    commit = max(commit, min(body["commit"], last))
    apply()
    return {"term": term, "success": True}


for kind in ("read", "write", "cas"):
    node.handlers[kind] = request


async def elections():
    rest()
    while True:
        await asyncio.sleep(0.02)
        if state != "leader" and time.monotonic() > deadline:
            await stand()


node.started = lambda: asyncio.get_running_loop().create_task(elections())
node.run()

#!/usr/bin/env python3
"""A counter of two sums for each node, merged by the larger. Wrong: every message of gossip is added up again."""

import asyncio
import sys

from maelstrom import Node

wrong = "wrong" in sys.argv
node = Node()
up, down = {}, {}


def total():
    return sum(up.values()) - sum(down.values())


@node.handler
async def add(src, body):
    part = up if body["delta"] >= 0 else down
    part[node.id] = part.get(node.id, 0) + abs(body["delta"])
    return {}


@node.handler
async def read(src, body):
    return {"value": total()}


@node.handler
async def merge(src, body):
    for mine, theirs in ((up, body["up"]), (down, body["down"])):
        for key, value in theirs.items():
            mine[key] = mine.get(key, 0) + value if wrong else max(mine.get(key, 0), value)


async def gossip():
    while True:
        await asyncio.sleep(0.1)
        for other in node.ids:
            if other != node.id:
                node.send(other, {"type": "merge", "up": up, "down": down})


node.started = lambda: asyncio.get_running_loop().create_task(gossip())
node.run()

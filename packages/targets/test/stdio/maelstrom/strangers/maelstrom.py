"""A small library as courses hand it out: asynchronous handlers, one for each type of message."""

import asyncio
import json
import sys


class Failure(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


class Node:
    def __init__(self):
        self.id, self.ids = None, []
        self.handlers, self.waiting, self.next_id = {}, {}, 0
        self.started = None

    def handler(self, function):
        self.handlers[function.__name__] = function
        return function

    def send(self, dest, body):
        sys.stdout.write(json.dumps({"src": self.id, "dest": dest, "body": body}) + "\n")
        sys.stdout.flush()

    async def rpc(self, dest, body, seconds=1.0):
        self.next_id += 1
        msg_id, reply = self.next_id, asyncio.get_running_loop().create_future()
        self.waiting[msg_id] = reply
        self.send(dest, {**body, "msg_id": msg_id})
        try:
            answer = await asyncio.wait_for(reply, seconds)
        except asyncio.TimeoutError:
            raise Failure(0, "timed out") from None
        finally:
            self.waiting.pop(msg_id, None)
        if answer["type"] == "error":
            raise Failure(answer["code"], answer.get("text", ""))
        return answer

    async def handle(self, message):
        src, body = message["src"], message["body"]
        if "in_reply_to" in body:
            reply = self.waiting.get(body["in_reply_to"])
            if reply is not None and not reply.done():
                reply.set_result(body)
            return
        try:
            if body["type"] == "init":
                self.id, self.ids = body["node_id"], body["node_ids"]
                if self.started is not None:
                    self.started()
                answer = {}
            elif body["type"] in self.handlers:
                answer = await self.handlers[body["type"]](src, body)
            else:
                raise Failure(10, "no " + body["type"])
            if answer is not None and "msg_id" in body:
                self.send(src, {"type": body["type"] + "_ok", **answer, "in_reply_to": body["msg_id"]})
        except Failure as failure:
            error = {"type": "error", "code": failure.code, "text": failure.text}
            self.send(src, {**error, "in_reply_to": body["msg_id"]})

    async def main(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=2**24)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            loop.create_task(self.handle(json.loads(line)))

    def run(self):
        asyncio.run(self.main())

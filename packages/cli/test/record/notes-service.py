"""Notes on shelves, kept by three processes that know nothing of being watched. Standard library only.

Usage: notes-service.py --listen HOST:PORT [--primary HOST:PORT] [--replicas HOST:PORT,...] [--reads local|primary]

Without --primary it is the primary: it answers a write at once and tells its replicas a little later. A replica passes
writes on, and answers reads by what it has heard (local) or by what the primary says (primary).

  GET     /shelves/SHELF/notes/ID     {"note": {"id": ID, "body": {"text": TEXT}}} with an ETag, or 404
  PUT     /shelves/SHELF/notes/ID     {"note": {"body": {"text": TEXT}}}; If-Match is honoured with 412
  DELETE  /shelves/SHELF/notes/ID     204, also where there is none
  POST    /shelves/SHELF/notes/ID/revise    {"was": TEXT, "becomes": TEXT}; 409 where it was something else
  GET     /alive                      for whoever waits for the start
"""

import argparse
import http.client
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LAG_S = 0.025

options = argparse.ArgumentParser()
options.add_argument("--listen", required=True)
options.add_argument("--primary")
options.add_argument("--replicas", default="")
options.add_argument("--reads", choices=["local", "primary"], default="local")
args = options.parse_args()

lock = threading.Lock()
# By path: its text, or None once it was deleted, and how often it was written.
notes = {}


def send(address, method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(address, timeout=4)
    try:
        connection.request(method, path, body=body, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.getheader("ETag"), reply.read()
    finally:
        connection.close()


def tell(address, waiting):
    """Tells one replica of every write, in their order, each when it is old enough."""
    connection = http.client.HTTPConnection(address, timeout=4)
    while True:
        due, path, note = waiting.get()
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            connection.request("PUT", "/replicated" + path, json.dumps(note).encode())
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()


waiting = []
for replica in filter(None, args.replicas.split(",")):
    waiting.append(queue.Queue())
    threading.Thread(target=tell, args=(replica, waiting[-1]), daemon=True).start()


def store(path, text):
    """With the lock held."""
    note = {"text": text, "version": notes.get(path, {"version": 0})["version"] + 1}
    notes[path] = note
    for each in waiting:
        each.put((time.monotonic() + LAG_S, path, note))
    return note


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/alive":
            self.answer(200)
        elif self.path.startswith("/replicated/"):
            note = json.loads(body)
            path = self.path.removeprefix("/replicated")
            with lock:
                if notes.get(path, {"version": 0})["version"] < note["version"]:
                    notes[path] = note
            self.answer(204)
        elif args.primary is not None and (self.command != "GET" or args.reads == "primary"):
            self.forward(body)
        elif self.command == "GET":
            with lock:
                note = notes.get(self.path)
            self.show(note)
        else:
            with lock:
                status, note = self.write(body)
            self.show(note, status) if note is not None else self.answer(status)

    do_GET = do_PUT = do_DELETE = do_POST = serve

    def write(self, body):
        note = notes.get(self.path)
        if self.command == "DELETE":
            store(self.path, None)
            return 204, None
        given = json.loads(body)
        if self.command == "POST":
            path = self.path.removesuffix("/revise")
            held = notes.get(path, {"text": None})["text"]
            return (200, store(path, given["becomes"])) if held == given["was"] else (409, None)
        wanted = self.headers.get("If-Match")
        if wanted is not None and (note is None or note["text"] is None or wanted != tag(note)):
            return 412, None
        return 200, store(self.path, given["note"]["body"]["text"])

    def forward(self, body):
        match = self.headers.get("If-Match")
        try:
            status, etag, content = send(
                args.primary, self.command, self.path, body, {} if match is None else {"If-Match": match}
            )
        except (OSError, http.client.HTTPException):
            self.answer(504)
            return
        self.answer(status, content, etag)

    def show(self, note, status=200):
        if note is None or note["text"] is None:
            self.answer(404)
        else:
            content = {"note": {"id": self.path.split("/")[4], "body": {"text": note["text"]}}}
            self.answer(status, json.dumps(content).encode(), tag(note))

    def answer(self, status, content=b"", etag=None):
        self.send_response(status)
        if etag is not None:
            self.send_header("ETag", etag)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def tag(note):
    return 'W/"%d"' % note["version"]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


host, _, port = args.listen.rpartition(":")
Server((host, int(port)), Service).serve_forever()

"""A document service that knows nothing of being watched. Usage: document-service.py [PRIMARY]

Without PRIMARY it holds the documents. With one (http://host:port) it is a replica: it passes writes on and reads its own
copy, which POST /sync fetches anew.

  GET  /api/v2/documents?id=ID            {"document": {"id": ID, "text": TEXT}}, or {} where there is none
  POST /api/v2/documents/save             {"id": ID, "text": TEXT}
  POST /api/v2/documents                  {"text": TEXT}: 201, {"id": ID}
  GET  /api/v2/documents/all              {"documents": [...]}
  POST /api/v2/documents/later            {"id": ID, "text": TEXT}: 202, and it is done with the next /sync
  GET, PUT /pages/ID                      a text with an ETag; If-Match is honoured
  POST /login                             nothing
"""

import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

PRIMARY = sys.argv[1] if len(sys.argv) > 1 else None

lock = threading.Lock()
documents = {}
pages = {}
later = []
created = 0


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlparse(self.path)
        with lock:
            if url.path == "/api/v2/documents":
                key = parse_qs(url.query)["id"][0]
                found = {"document": {"id": key, "text": documents[key]}} if key in documents else {}
                self.answer(200, found)
            elif url.path == "/api/v2/documents/all":
                self.answer(200, {"documents": [{"id": key, "text": text} for key, text in documents.items()]})
            elif url.path.startswith("/pages/"):
                page = pages.get(url.path)
                if page is None:
                    self.answer(404, {"error": "no such page"})
                else:
                    self.answer(200, page["text"], {"ETag": '"%d"' % page["version"]})
            else:
                self.answer(404, {"error": "no such place"})

    def do_PUT(self):
        text = self.body().decode()
        with lock:
            page = pages.get(self.path)
            wanted = self.headers.get("If-Match")
            if wanted is not None and (page is None or wanted != '"%d"' % page["version"]):
                self.answer(412, {"error": "another version"})
                return
            version = 1 if page is None else page["version"] + 1
            pages[self.path] = {"text": text, "version": version}
            self.answer(200, {}, {"ETag": '"%d"' % version})

    def do_POST(self):
        global created
        body = self.body()
        if PRIMARY is not None and self.path.startswith("/api/"):
            with urllib.request.urlopen(urllib.request.Request(PRIMARY + self.path, data=body)) as reply:
                self.answer(reply.status, json.loads(reply.read()))
            return
        if self.path == "/sync" and PRIMARY is not None:
            with urllib.request.urlopen(PRIMARY + "/api/v2/documents/all") as reply:
                fetched = json.loads(reply.read())["documents"]
            with lock:
                documents.clear()
                documents.update((document["id"], document["text"]) for document in fetched)
            self.answer(200, {})
            return
        with lock:
            if self.path == "/sync":
                documents.update(later)
                later.clear()
                self.answer(200, {})
            elif self.path == "/login":
                self.answer(200, {"token": "t"})
            elif self.path == "/api/v2/documents":
                created += 1
                key = "doc-%d" % created
                documents[key] = json.loads(body)["text"]
                self.answer(201, {"id": key})
            else:
                given = json.loads(body)
                if self.path == "/api/v2/documents/later":
                    later.append((given["id"], given["text"]))
                    self.answer(202, {})
                else:
                    documents[given["id"]] = given["text"]
                    self.answer(200, {})

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, content, headers={}):
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_address[1], flush=True)
server.serve_forever()

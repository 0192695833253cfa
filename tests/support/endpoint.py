"""A real HTTP server on this machine that speaks OpenAI's chat completions, and misbehaves on request."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """What the endpoint answers; `hold` keeps it back until it is set, `drip` sends it byte by byte."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    drip: bool = False
    hang_up: bool = False
    reason: str | None = None


def saying(content, **keys):
    body = json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()
    return Reply(body=body, **keys)


@dataclass
class Endpoint:
    """Answers each request by `script`: a callable of the request's texts and how often they have been asked about."""

    script: object
    base_url: str = ""
    requests: list[dict] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    dropped: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)
    attempts: Counter = field(default_factory=Counter)

    def begin(self, request, about):
        with self.guard:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            self.requests.append(request)
            self.attempts[about] += 1
            return self.attempts[about]

    def end(self):
        with self.guard:
            self.under_way -= 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        endpoint = self.server.endpoint
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = json.loads(body["messages"][-1]["content"])
        attempt = endpoint.begin({"path": self.path, "headers": dict(self.headers), "body": body}, json.dumps(asked))
        try:
            self.answer(endpoint, endpoint.script(asked, attempt))
        except (BrokenPipeError, ConnectionResetError):
            endpoint.dropped.set()
        finally:
            endpoint.end()

    def answer(self, endpoint, reply):
        while reply.hold is not None and not reply.hold.wait(0.02):
            if endpoint.closing.is_set() or not self.is_connected():
                endpoint.dropped.set()
                self.close_connection = True
                return
        if reply.hang_up:
            self.close_connection = True
            return
        self.send_response(reply.status, reply.reason)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        pieces = [bytes([byte]) for byte in reply.body] if reply.drip else [reply.body]
        for piece in pieces:
            self.wfile.write(piece)
            if reply.drip and endpoint.closing.wait(0.05):
                return

    def is_connected(self):
        self.connection.settimeout(0.001)
        try:
            return self.connection.recv(1, socket.MSG_PEEK) != b""
        except TimeoutError:
            return True
        except OSError:
            return False
        finally:
            self.connection.settimeout(None)

    def log_message(self, *_):
        pass


@contextmanager
def serving(script):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.endpoint = endpoint = Endpoint(script, base_url=f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield endpoint
    finally:
        endpoint.closing.set()
        server.shutdown()
        server.server_close()

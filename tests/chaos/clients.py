"""clients - what talks to the gateway and to weir-sim: HTTP and WebSocket."""
import base64
import http.client
import json
import os
import socket
import struct


class Http:
    """Requests with JSON, one connection each."""

    def __init__(self, at):
        self.at = at

    def ask(self, method, path, body=None, timeout=15):
        """Status and answer; OSError where there is none."""
        link = http.client.HTTPConnection(self.at, timeout=timeout)
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            link.request(method, path, json.dumps(body) if body else None,
                         headers)
            answer = link.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except http.client.HTTPException as e:
            raise OSError(f"{path}: {e!r}") from e
        finally:
            link.close()

    def must(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status not in (200, 201, 204):
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer


class WebSocket:
    """RFC 6455, as far as a client of /ws needs it. All failures: OSError."""

    TEXT, CLOSE, PING, PONG = 1, 8, 9, 10

    def __init__(self, at, path="/ws", timeout=15):
        host, port = at.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.unread = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {at}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: weir.v1\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.unread:
            self._more()
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self.close()
            raise OSError(f"no upgrade: {head[:60]!r}")

    def _more(self):
        chunk = self.socket.recv(1 << 16)
        if not chunk:
            raise OSError("connection closed")
        self.unread += chunk

    def _take(self, n):
        while len(self.unread) < n:
            self._more()
        taken, self.unread = self.unread[:n], self.unread[n:]
        return taken

    def _frame(self):
        first, second = self._take(2)
        size = second & 127
        if size == 126:
            size, = struct.unpack(">H", self._take(2))
        elif size == 127:
            size, = struct.unpack(">Q", self._take(8))
        if second & 128:
            raise OSError("a server must not mask")
        return first & 15, bool(first & 128), self._take(size)

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size > 65535:
            raise ValueError("longer than this client sends")
        head = bytes([128 | opcode])
        head += (bytes([128 | size]) if size < 126
                 else bytes([254]) + struct.pack(">H", size))
        body = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
        self.socket.sendall(head + mask + body)

    def send(self, message):
        self._send(self.TEXT, json.dumps(message).encode())

    def receive(self):
        """The next message; pings are answered on the way."""
        text = b""
        while True:
            opcode, last, payload = self._frame()
            if opcode == self.CLOSE:
                raise OSError(f"closed by the server: {payload!r}")
            if opcode == self.PING:
                self._send(self.PONG, payload)
            elif opcode != self.PONG:
                text += payload
                if last:
                    return json.loads(text)

    def close(self):
        self.socket.close()

"""A small WebSocket client, written apart from the product's own server (RFC 6455)."""

import base64
import os
import socket
import struct
from types import TracebackType
from typing import Self


class WebSocket:
    """One connection; ``status`` is that of the handshake."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), 20)
        self._buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
        self._connection.sendall(head.encode())
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        answer, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self.status = int(answer.split()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def text(self, within_s: float = 20) -> str:
        """The next text message.

        Raises:
            TimeoutError: none came in time.
            ConnectionError: the server closed the connection.
        """
        self._connection.settimeout(within_s)
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self._take(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._take(8))
            payload = self._take(length)
            if first & 0x0F == 1:
                return payload.decode()
            if first & 0x0F == 8:
                raise ConnectionError

    def _take(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._more()
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken

    def _more(self) -> None:
        piece = self._connection.recv(65536)
        if not piece:
            raise ConnectionError
        self._buffer += piece

"""TLS beneath an association: who shows a certificate, and a socket that two threads can use (PS3.15 Annex B.12)."""

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from storage.errors import ArchiveError

AUTHORITY, CERTIFICATE, KEY = "authority.crt", "node.crt", "node.key"
# RFC 9325 §4.2; the suites of TLS 1.3 are all of this kind.
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
_MOST_AT_ONCE = 1 << 17
HANDSHAKE = 0x16  # the first byte of a connection with TLS (RFC 8446 §5.1); that of an association request is 0x01


class TLSUnavailable(ArchiveError):
    """The certificates of this node are not there, or cannot be used."""


class TLSSocket(ssl.SSLSocket):
    """A connection whose reader never waits inside TLS, so that another thread can send meanwhile.

    OpenSSL lets one thread at a time into a connection; each takes its turn while nothing has to be waited for.
    """

    def __new__(cls, *arguments: Any, **options: Any) -> "TLSSocket":
        """A socket with its turn."""
        made = super().__new__(cls, *arguments, **options)
        made._turn = threading.Lock()
        made.send_timeout = 60.0
        made.failure = None
        return made

    _turn: threading.Lock
    send_timeout: float
    failure: ssl.SSLError | None  # why TLS ended, if it did so badly

    def do_handshake(self, block: bool = False) -> None:
        """Agree on keys and look at certificates; a failure stays in :attr:`failure`."""
        try:
            super().do_handshake(block)
        except ssl.SSLError as error:
            self.failure = error
            raise

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """Read what is there; waits only without ``MSG_DONTWAIT``.

        Raises:
            BlockingIOError: no whole record has arrived.
            OSError: the connection ended badly.
        """
        while True:
            try:
                with self._turn:
                    return super().recv_into(buffer, nbytes, 0)
            except ssl.SSLWantReadError:
                if flags & socket.MSG_DONTWAIT:
                    raise BlockingIOError from None
                self._wait(select.POLLIN)
            except ssl.SSLError as error:
                self.failure = error
                raise

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it.

        Raises:
            TimeoutError: the peer does not read.
            OSError: the connection ended.
        """
        view, sent = memoryview(data).cast("B"), 0
        while sent < len(view):
            wanted = 0
            with self._turn:
                try:
                    sent += super().send(view[sent : sent + _MOST_AT_ONCE])
                except ssl.SSLWantWriteError:
                    wanted = select.POLLOUT
                except ssl.SSLWantReadError:
                    wanted = select.POLLIN
            if wanted:
                self._wait(wanted)

    def sendmsg(self, buffers: Iterable[Any], *_: Any) -> int:  # type: ignore[override]
        """Send the buffers, one behind the other; all of them."""
        data = b"".join(buffers)
        self.sendall(data)
        return len(data)

    def pending(self) -> int:
        """How many bytes are decrypted and not read."""
        with self._turn:
            return super().pending()

    def shutdown(self, how: int) -> None:
        """Say goodbye if that needs no waiting, and end the connection."""
        with self._turn:
            with suppress(OSError, ValueError):
                self.unwrap()
            super().shutdown(how)

    def _wait(self, event: int) -> None:
        poller = select.poll()
        poller.register(self, event)
        if not poller.poll(self.send_timeout * 1000):
            raise TimeoutError("The peer does not read or write any more.")


def accepting(folder: Path, *, require_certificate: bool) -> ssl.SSLContext:
    """How this node answers calls with TLS: with its certificate, and asking the caller for one of our authority.

    Raises:
        TLSUnavailable: certificate, key or authority are not in the folder.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, folder)
    context.verify_mode = ssl.CERT_REQUIRED if require_certificate else ssl.CERT_OPTIONAL
    return context


def calling(folder: Path) -> ssl.SSLContext:
    """How this node calls with TLS: it shows its certificate, and wants one of our authority.

    The name in the certificate is not compared: machines are known by AE title and address, and a certificate can be
    pinned.

    Raises:
        TLSUnavailable: certificate, key or authority are not in the folder.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, folder)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(protocol: int, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.sslsocket_class = TLSSocket
    try:
        context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
        context.load_verify_locations(folder / AUTHORITY)
    except OSError:  # SSLError is one
        raise TLSUnavailable(
            f"The certificates in {folder} are missing or cannot be read; make them with: pacs tls node"
        ) from None
    return context


def secure(connection: socket.socket, context: ssl.SSLContext, timeout: float) -> TLSSocket:
    """The same connection under TLS, as the one that was called, before its handshake."""
    secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    if not isinstance(secured, TLSSocket):
        raise TypeError("The context was not made here.")
    secured.send_timeout = timeout
    return secured


def fingerprint(connection: TLSSocket) -> str:
    """SHA-256 of the certificate that the peer showed, hexadecimal; empty without one."""
    certificate = connection.getpeercert(binary_form=True)
    return sha256(certificate).hexdigest() if certificate else ""


def first_byte(connection: socket.socket, until: float, goes_on: Any) -> int | None:
    """The first byte of a new connection, left where it is; ``None`` if none comes before ``until`` (monotonic)."""
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    while goes_on() and time.monotonic() < until:
        if poller.poll(250):
            with suppress(OSError):
                seen = connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                return seen[0] if seen else None
            return None
    return None

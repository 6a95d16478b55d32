"""The first moments of a connection: does it come under TLS as it must, and with whose certificate (PS3.15 §B.12)."""

import select
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from dicom_nodes.settings import NodeSettings
from dicom_nodes.upper_layer import tls
from dicom_nodes.upper_layer.tls import HANDSHAKE, TLSSocket
from storage.archive.network_finding import Cause

_LAST_WORDS_S = 1.0
ASSOCIATION_REQUEST = 0x01  # PDU type of an A-ASSOCIATE-RQ (PS3.8 §9.3.2)

_MISSING = ("PEER_DID_NOT_RETURN_A_CERTIFICATE",)
_UNTRUSTED = ("CERTIFICATE_VERIFY_FAILED",)
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "NO_SHARED_CIPHER", "ALERT_PROTOCOL_VERSION", "UNKNOWN_PROTOCOL")
_DISTRUSTS = ("ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_CERTIFICATE_EXPIRED")
_REASONS: tuple[tuple[tuple[str, ...], Cause], ...] = (
    (_MISSING, Cause.CERTIFICATE_MISSING),
    (_UNTRUSTED, Cause.CERTIFICATE_UNTRUSTED),
    (_TOO_OLD, Cause.TLS_TOO_OLD),
    (_DISTRUSTS, Cause.TLS_DISTRUSTS_US),
)


@dataclass(frozen=True)
class Security:
    """How a connection is protected; both empty in the clear."""

    tls: str = ""  # e.g. "TLSv1.3"
    certificate_sha256: str = ""  # of what the caller showed; empty without


IN_THE_CLEAR = Security()


class TurnedAway(Exception):
    """A connection that gets no further."""

    def __init__(self, cause: Cause, reason: str = "") -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.reason = reason


class NothingSaid(Exception):
    """A caller that has left, or has not said a word in time (PS3.8 §9.1.4, ARTIM timer)."""


class Entrance:
    """Looks at each new connection; where this node has certificates, TLS is spoken on every port of it.

    Raises:
        TLSUnavailable: TLS is asked for by the settings, and the certificates are not there.
    """

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        folder = settings.dicom_tls_dir
        wanted = bool(settings.dicom_tls_port or settings.require_tls)
        self._context: ssl.SSLContext | None = None
        if folder is not None and (wanted or (folder / tls.CERTIFICATE).exists()):
            self._context = tls.accepting(folder, require_certificate=settings.require_client_certificate)
        elif wanted:
            raise tls.TLSUnavailable("FILMLESS_DICOM_TLS_DIR does not say where the certificates are.")

    @property
    def speaks_tls(self) -> bool:
        """Whether this node has certificates."""
        return self._context is not None

    def secured(self, connection: socket.socket, *, only_tls: bool, goes_on: Callable[[], bool]) -> TLSSocket | None:
        """The connection under TLS if that is how the caller begins, before the handshake; ``None`` in the clear.

        Raises:
            TurnedAway: TLS is not offered here, or nothing else is.
            NothingSaid: no byte came.
        """
        first = tls.first_byte(connection, time.monotonic() + self._settings.association_timeout, goes_on)
        if first is None:
            raise NothingSaid
        if first == HANDSHAKE:
            if self._context is None:
                raise TurnedAway(Cause.TLS_NOT_OFFERED)
            return tls.secure(connection, self._context, self._settings.dimse_timeout)
        if only_tls:
            raise TurnedAway(Cause.TLS_NOT_SPOKEN)
        if first != ASSOCIATION_REQUEST:
            raise TurnedAway(Cause.NOT_DICOM)
        return None

    def shake_hands(self, connection: TLSSocket) -> Security:
        """Agree on keys, and look at the certificate.

        Raises:
            TurnedAway: it did not come about; the caller was told why by an alert of TLS.
        """
        connection.settimeout(self._settings.association_timeout)
        try:
            connection.do_handshake()
        except ssl.SSLError as error:
            _let_read(connection)
            raise TurnedAway(*_explained(error)) from None
        except OSError:
            raise TurnedAway(Cause.TLS_FAILED, "the connection ended") from None
        connection.setblocking(False)
        return Security(connection.version() or "TLS", tls.fingerprint(connection))


def _let_read(connection: TLSSocket) -> None:
    """Leave the caller time to read the alert: a connection closed over unread data loses what was sent on it."""
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    until = time.monotonic() + _LAST_WORDS_S
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0 and poller.poll(left * 1000):
            if not socket.socket.recv(connection, 4096, socket.MSG_DONTWAIT):
                return


def _explained(error: ssl.SSLError) -> tuple[Cause, str]:
    name = str(error.reason or "")
    for parts, cause in _REASONS:
        if name.endswith(parts):
            return cause, str(getattr(error, "verify_message", "") or "")
    return Cause.TLS_FAILED, name.replace("_", " ").lower()

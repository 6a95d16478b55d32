"""Where to send: an AE title and its address, as people write it (PS3.8 §7.1.1.2)."""

import re
from dataclasses import dataclass

from storage.access.ae import ApplicationEntity
from storage.errors import InvalidRequest

_FORM = re.compile(r"(?P<title>[^@\\]{1,16})@(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:@\s]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Destination:
    """A peer that can be called; ``certificate_sha256``: the one it must show, where it is bound to one."""

    ae_title: str
    host: str
    port: int
    tls: bool = False
    certificate_sha256: str = ""

    @classmethod
    def of(cls, entity: ApplicationEntity) -> "Destination":
        """Where a registered machine answers, and how it wants to be called."""
        return cls(entity.ae_title, entity.host, entity.port, entity.call_with_tls, entity.certificate_sha256)

    @classmethod
    def parse(cls, text: str) -> "Destination":
        """Read ``AET@HOST:PORT``; an IPv6 address stands in brackets.

        Raises:
            InvalidRequest: it has another form.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None or not 0 < int(match["port"]) < 65536 or not match["title"].strip():
            raise InvalidRequest("A destination is written AET@HOST:PORT, for example PACS2@10.0.0.5:104.")
        return cls(match["title"].strip(), match["host"].strip("[]"), int(match["port"]))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.ae_title}@{host}:{self.port}"

"""Where to send: an AE title and its address, as people write it (PS3.8 §7.1.1.2)."""

import re
from dataclasses import dataclass

from storage.errors import InvalidRequest

_FORM = re.compile(r"(?P<title>[^@\\]{1,16})@(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:@\s]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Destination:
    """A peer that can be called."""

    ae_title: str
    host: str
    port: int

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

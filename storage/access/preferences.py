"""What a person has set for themselves, kept on the server so that it follows them from desk to desk."""

from datetime import UTC, datetime

from storage.access.principal import Principal
from storage.errors import Forbidden, NotFound, TooLarge
from storage.index import preferences as rows
from storage.index.engine import Index

NAMES = ("hanging", "keys", "study_filters", "study_columns")
LONGEST_DOCUMENT = 64 * 1024


def find(index: Index, principal: Principal, name: str) -> str | None:
    """The JSON document of the person under a name; None when nothing was set.

    Raises:
        Forbidden: not a person.
        NotFound: nothing is kept under this name.
    """
    _require(principal, name)
    with index.read() as connection:
        return rows.find(connection, principal.name, name)


def put(index: Index, principal: Principal, name: str, document: str) -> None:
    """Set the JSON document of the person under a name.

    Raises:
        Forbidden: not a person, or the account is gone.
        NotFound: nothing is kept under this name.
        TooLarge: the document is over ``LONGEST_DOCUMENT`` bytes.
    """
    _require(principal, name)
    if len(document.encode()) > LONGEST_DOCUMENT:
        raise TooLarge(f"A preference has at most {LONGEST_DOCUMENT} bytes.")
    with index.write() as connection:
        if not rows.put(connection, principal.name, name, document, datetime.now(UTC)):
            raise Forbidden("Only a person has preferences.")


def remove(index: Index, principal: Principal, name: str) -> None:
    """Go back to what everybody has.

    Raises:
        Forbidden: not a person.
        NotFound: nothing is kept under this name.
    """
    _require(principal, name)
    with index.write() as connection:
        rows.remove(connection, principal.name, name)


def _require(principal: Principal, name: str) -> None:
    if principal.kind != "user":
        raise Forbidden("Only a person has preferences.")
    if name not in NAMES:
        raise NotFound("There is no such preference.")

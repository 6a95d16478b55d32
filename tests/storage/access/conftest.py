"""An empty, migrated index with two facilities, on both databases."""

from collections.abc import Iterator

import pytest

from storage.access import facilities
from storage.index.engine import Index


@pytest.fixture
def index(database_url: str) -> Iterator[Index]:
    """An empty index with the facilities 01001 and 79001."""
    made = Index(database_url)
    made.migrate()
    facilities.get_or_create(made, "01001", "Bệnh viện Bạch Mai")
    facilities.get_or_create(made, "79001", "Bệnh viện Chợ Rẫy")
    yield made
    made.close()

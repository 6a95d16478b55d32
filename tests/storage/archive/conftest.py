"""An empty archive with two facilities, on both databases."""

from collections.abc import Iterator

import pytest

from storage.access import facilities
from storage.archive import Archive
from storage.settings import StorageSettings


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    """An empty archive; facility 01001 has id 1, facility 79001 id 2."""
    made = Archive.open(storage_settings.model_copy(update={"minimum_free_bytes": 0}))
    made.index.migrate()
    assert facilities.get_or_create(made.index, "01001", "Bệnh viện Bạch Mai").id == 1
    assert facilities.get_or_create(made.index, "79001", "Bệnh viện Chợ Rẫy").id == 2
    yield made
    made.close()

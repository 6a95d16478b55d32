"""Two Filmless of their own, linked as their administrators would: HUE keeps the studies, QUANGTRI asks for them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.access.principal import Role
from tests.pacs.federation.linked import Linked, link
from tests.pacs.server import WebServer
from tests.peers import postgresql


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, postgres: postgresql.PostgreSQL) -> Iterator[Linked]:
    """The two web processes, linked: where the studies are on PostgreSQL, the other on SQLite."""
    folder = tmp_path_factory.mktemp("sites")
    origin = WebServer(_folder(folder, "hue"), postgres.database(), {"FILMLESS_FACILITY": "LOCAL"})
    asking = WebServer(_folder(folder, "qt"), f"sqlite:///{folder / 'qt.db'}")
    try:
        origin.start()
        asking.start()
        link(origin, asking, "Bệnh viện Huế", "Trung tâm y tế Quảng Trị")
        asking.account("bs.lan", Role.REFERRER)
        yield Linked(origin, asking)
    finally:
        asking.close()
        origin.close()


@pytest.fixture
def keeper(sites: Linked) -> Iterator[httpx.Client]:
    """An administrator of the site that has the studies."""
    with sites.origin.client() as client:
        yield client


@pytest.fixture
def doctor(sites: Linked) -> Iterator[httpx.Client]:
    """A referring doctor of the site that asks."""
    with sites.asking.client(Role.REFERRER) as client:
        yield client


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name

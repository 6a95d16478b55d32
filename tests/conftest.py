"""Fixtures every test can use: both databases, both object stores, and a whole running Filmless."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import make_url

from storage.index.engine import Index
from storage.settings import StorageSettings
from tests.peers import filmless, postgresql, seaweedfs, shared_dicom
from tests.truth.browser import chromium

# A busy machine shows late, but the right thing.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.PostgreSQL]:
    """One PostgreSQL server for the session."""
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with all its tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / "index.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: postgresql.PostgreSQL) -> str:
    """The name of a database with all its tables and no rows, to be copied."""
    address = postgres.database()
    _migrate(address)
    return str(make_url(address).database)


def _migrate(address: str) -> None:
    index = Index(address)
    index.migrate()
    index.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an index without rows: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "index.db")
        yield f"sqlite:///{tmp_path / 'index.db'}"
        return
    server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
    address = server.database(request.getfixturevalue("postgres_template"))
    yield address
    server.drop(address)  # hundreds of them take minutes to remove in the end


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'index.db'}"
    server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture(scope="session")
def seaweed() -> Iterator[seaweedfs.SeaweedFS]:
    """One SeaweedFS server for the session."""
    with seaweedfs.running() as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def object_store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Storage settings of an empty object store: the test runs once on a local folder and once on SeaweedFS."""
    if request.param == "local":
        return {"object_store": str(tmp_path / "objects")}
    server: seaweedfs.SeaweedFS = request.getfixturevalue("seaweed")
    return server.settings(server.bucket())


@pytest.fixture(params=["sqlite-local", "postgresql-s3"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Storage settings of an archive without rows or objects, once on one box and once on servers for both."""
    if request.param == "sqlite-local":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "index.db")
        yield {"database_url": f"sqlite:///{tmp_path / 'index.db'}", "object_store": str(tmp_path / "objects")}
        return
    server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
    seaweed: seaweedfs.SeaweedFS = request.getfixturevalue("seaweed")
    address = server.database(request.getfixturevalue("postgres_template"))
    yield {"database_url": address, **seaweed.settings(seaweed.bucket())}
    server.drop(address)


@pytest.fixture
def storage_settings(tmp_path: Path, database_url: str) -> StorageSettings:
    """Settings of an empty archive on both databases, with a local object store."""
    return StorageSettings.model_validate({"data_dir": tmp_path / "data", "database_url": database_url})


@pytest.fixture(scope="session")
def dicom_files() -> Path:
    """The folder of real DICOM files beside the checkout; tests that need it are skipped without it."""
    folder = shared_dicom()
    if folder is None:
        pytest.skip("../shared/dicom is not here")
    return folder


@pytest.fixture(scope="session")
def running_pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[filmless.Filmless]:
    """A whole Filmless (`pacs up`) on embedded defaults, shared by the session: use your own UIDs."""
    with filmless.running(tmp_path_factory.mktemp("pacs")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session; each test opens contexts or pages of its own."""
    with sync_playwright() as playwright:
        found = chromium(playwright)
        yield found
        found.close()


@pytest.fixture
def start_pacs(tmp_path: Path) -> Iterator[Callable[..., filmless.Filmless]]:
    """Start a Filmless of one's own: ``start_pacs(FILMLESS_…=value)``; stopped at the end of the test."""
    started: list[filmless.Filmless] = []

    def start(*, data: Path | None = None, **environment: str) -> filmless.Filmless:
        server = filmless.Filmless(data or tmp_path / "pacs", environment)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()

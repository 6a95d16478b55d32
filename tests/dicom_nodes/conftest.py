"""A DICOM node in this process, on a free port and an archive of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dicom_nodes.scp.server import Node
from dicom_nodes.scu.destination import Destination
from dicom_nodes.settings import NodeSettings
from storage.access import facilities
from storage.archive import Archive
from storage.settings import StorageSettings
from tests.wait import HUNG_S

AET = "FILMLESS"


@dataclass
class RunningNode:
    """A node that serves until :meth:`stop`."""

    node: Node
    archive: Archive
    settings: NodeSettings
    thread: threading.Thread
    stopping: threading.Event

    @property
    def port(self) -> int:
        return self.node.port

    @property
    def destination(self) -> Destination:
        """How to call it."""
        return Destination(AET, "127.0.0.1", self.port)

    def stop(self) -> None:
        """Stop it as a signal would."""
        self.stopping.set()
        self.thread.join(HUNG_S)
        assert not self.thread.is_alive()


@contextmanager
def opened(settings: StorageSettings) -> Iterator[Archive]:
    """An archive with its tables and its default facility."""
    archive = Archive.open(settings)
    archive.index.migrate()
    facilities.get_or_create(archive.index, settings.facility)
    try:
        yield archive
    finally:
        archive.close()


def start(archive: Archive, **settings: Any) -> RunningNode:
    """Start a node on a free port."""
    chosen = NodeSettings.model_validate({"aet": AET, "dicom_port": 0} | settings)
    node, stopping, ready = Node(archive, chosen), threading.Event(), threading.Event()
    thread = threading.Thread(target=node.run, args=(stopping, lambda port: ready.set()), daemon=True)
    thread.start()
    assert ready.wait(HUNG_S)
    return RunningNode(node, archive, chosen, thread, stopping)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive on SQLite."""
    with opened(StorageSettings.model_validate({"data_dir": tmp_path / "data", "minimum_free_bytes": 0})) as archive:
        yield archive


@pytest.fixture
def start_node(archive: Archive) -> Iterator[Callable[..., RunningNode]]:
    """Start nodes with settings of one's own; stopped at the end of the test."""
    running: list[RunningNode] = []

    def begin(**settings: Any) -> RunningNode:
        running.append(start(archive, **settings))
        return running[-1]

    yield begin
    for node in running:
        node.stop()


@pytest.fixture
def node(start_node: Callable[..., RunningNode]) -> RunningNode:
    """A node with default settings."""
    return start_node()

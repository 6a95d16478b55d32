"""A DICOM node in a process of its own, for tests that kill it: ``python serving.py DATA PORT``."""

import signal
import sys
import threading
from pathlib import Path

from dicom_nodes.scp.server import serve
from dicom_nodes.settings import NodeSettings
from storage.archive import Archive
from storage.archive.reconcile import reconcile
from storage.settings import StorageSettings


def main(data: Path, port: int) -> None:
    """Serve until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    archive = Archive.open(StorageSettings.model_validate({"data_dir": data, "minimum_free_bytes": 0}))
    archive.index.migrate()
    reconcile(archive)
    settings = NodeSettings.model_validate({"dicom_port": port})
    serve(archive, settings, stop=stop, on_ready=lambda bound: print(f"ready {bound}", flush=True))
    archive.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

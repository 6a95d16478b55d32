"""Receiving beside Orthanc and storescp, in one run: ``python -m tests.bench.receiving --data DIR``.

Data and method are those of the folder ``bench`` of the shared material beside the checkout (``--method DIR``): DCMTK's
``dcmsend`` sends instances nobody has seen, the targets take turns, medians and ratios against the first are printed.
Filmless keeps, syncs and indexes each instance before it answers; Orthanc runs in its default configuration; storescp
neither syncs nor indexes. ``--object-store s3`` puts SeaweedFS behind Filmless, ``--database postgresql`` PostgreSQL;
``--beside-embedded`` lets a second Filmless on embedded defaults take turns with it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.peers import filmless, postgresql, seaweedfs

METHOD = Path(__file__).resolve().parents[3] / "shared" / "bench"


@contextmanager
def ours(
    folder: Path, *, name: str = "ours", object_store: str = "local", database: str = "sqlite", processes: int = 0
) -> Iterator[str]:
    """A running Filmless as the scripts want to be told of one: ``name=AET@host:port/process``."""
    with ExitStack() as stack:
        environment = {"FILMLESS_DICOM_PROCESSES": str(processes), "FILMLESS_LOG_LEVEL": "warning"}
        if object_store == "s3":
            store = stack.enter_context(seaweedfs.running())
            settings = store.settings(store.bucket())
            environment |= {f"FILMLESS_{name.upper()}": value for name, value in settings.items()}
        if database == "postgresql":
            environment["FILMLESS_DATABASE_URL"] = stack.enter_context(postgresql.running()).database()
        server_of_ours = stack.enter_context(filmless.running(folder / name, **environment))
        yield f"{name}={server_of_ours.aet}@127.0.0.1:{server_of_ours.dicom_port}/{server_of_ours.pid}"


def main() -> int:
    """Run the comparison; the exit code is that of the method's own script."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--method", type=Path, default=METHOD, help="folder of the scripts")
    options.add_argument("--data", type=Path, required=True, help="test data; made if it is not there")
    options.add_argument("--work", type=Path, help="folder for what is received; on the disk to be measured")
    options.add_argument("--object-store", choices=("local", "s3"), default="local")
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--processes", type=int, default=0, help="DICOM processes of Filmless")
    options.add_argument("--beside-embedded", action="store_true", help="a second Filmless, on SQLite and a folder")
    options.add_argument("--peers", default="orthanc,storescp")
    options.add_argument("--nagle", action="store_true", help="senders with Nagle's algorithm, as Debian's DCMTK is")
    options.add_argument("arguments", nargs="*", help="for bench_store.py, after --")
    given = options.parse_args()
    if not given.data.exists():
        subprocess.run([sys.executable, str(given.method / "gen_data.py"), "--out", str(given.data)], check=True)
    environment = os.environ | {"PEER_TCP_NODELAY": "1"}
    environment.pop("TCP_NODELAY", None)
    if not given.nagle:
        environment["TCP_NODELAY"] = "1"
    with tempfile.TemporaryDirectory(dir=given.work) as name:
        folder = Path(name)
        (folder / "peers").mkdir()
        environment["BENCH_DIR"] = str(folder / "peers")
        with ExitStack() as stack:
            chosen = {"object_store": given.object_store, "database": given.database, "processes": given.processes}
            targets = ["--target", stack.enter_context(ours(folder, **chosen))]
            if given.beside_embedded:
                targets += ["--target", stack.enter_context(ours(folder, name="embedded"))]
            return subprocess.call(
                [
                    *(sys.executable, str(given.method / "peers.py"), *targets, "--peers", given.peers, "--"),
                    *(sys.executable, str(given.method / "bench_store.py"), "--data", str(given.data)),
                    *(["--nagle"] if given.nagle else []),
                    *given.arguments,
                    "{targets}",
                ],
                env=environment,
            )


if __name__ == "__main__":
    sys.exit(main())

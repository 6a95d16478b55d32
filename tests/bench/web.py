"""DICOMweb beside Debian's Orthanc and its plugin, in one run: ``python -m tests.bench.web --data DIR``.

Data, method and goals are those of the folder ``bench`` of the shared material beside the checkout (``--method DIR``):
the same requests to both in turns, medians and processor time a request; with ``--studies 10000`` both are then filled
by C-STORE with studies of one small instance and asked again. Orthanc runs on SQLite in its default configuration.
The exit code is 1 when a goal is missed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import filmless, orthanc, postgresql, require

METHOD = Path(__file__).resolve().parents[3] / "shared" / "bench"
SETS = "ct,us,cr"
ASSOCIATIONS = 4


@dataclass(frozen=True)
class Target:
    """One server as the scripts want to be told of it."""

    name: str
    aet: str
    dicom_port: int
    dicom_web: str
    pid: int
    header: str = ""

    @property
    def arguments(self) -> list[str]:
        """Options of ``bench_dicomweb.py`` for it."""
        header = ["--header", f"{self.name}::{self.header}"] if self.header else []
        return ["--web", f"{self.name}={self.dicom_web}#{self.pid}", *header]


@contextmanager
def both(folder: Path, *, database: str = "sqlite") -> Iterator[list[Target]]:
    """Orthanc, which is the base of the ratios, and Filmless."""
    with ExitStack() as stack:
        environment = {"FILMLESS_LOG_LEVEL": "warning", "FILMLESS_DICOM_PROCESSES": "0"}
        if database == "postgresql":
            environment["FILMLESS_DATABASE_URL"] = stack.enter_context(postgresql.running()).database()
        peer = stack.enter_context(
            orthanc.running(
                folder / "orthanc", DicomAet="BENCH", KeepAlive=True, StableAge=60, DefaultEncoding="Utf8",
                DicomAlwaysAllowFind=True, DicomWeb={"Enable": True, "Root": "/dicom-web/"},
            )
        )  # fmt: skip
        ours = stack.enter_context(filmless.running(folder / "pacs", **environment))
        yield [
            Target("orthanc", "BENCH", peer.dicom_port, f"{peer.url}/dicom-web", peer.pid),
            Target(
                "ours", ours.aet, ours.dicom_port, ours.dicom_web, ours.pid, f"Authorization: Bearer {ours.token()}"
            ),
        ]


def fill(target: Target, folders: Sequence[Path]) -> None:
    """Send folders of instances by C-STORE, several associations at once."""
    senders = [
        subprocess.Popen(
            [
                *(require("/usr/bin/dcmsend"), "--no-uid-checks", "+sd", "-aec", target.aet, "127.0.0.1"),
                *(str(target.dicom_port), *map(str, folders[number::ASSOCIATIONS])),
            ],
            env=os.environ | {"TCP_NODELAY": "1"},
            stdout=subprocess.DEVNULL,
        )
        for number in range(min(ASSOCIATIONS, len(folders)))
    ]
    codes = [sender.wait() for sender in senders]
    assert not any(codes), f"{target.name} refused some of the studies: {codes}"


def measure(given: argparse.Namespace, targets: Sequence[Target], lines: Path) -> None:
    """Run the method's script on both, empty first, then with many studies."""
    command = [sys.executable, str(given.method / "bench_dicomweb.py"), "--data", str(given.data), "--out", str(lines)]
    command += ["--reps", str(given.reps), *(part for target in targets for part in target.arguments)]
    environment = os.environ | {"PYTHONPATH": ""}
    if given.ops:
        subprocess.run([*command, "--ops", given.ops], check=True, env=environment)
    if given.studies:
        folders = sorted(path for path in (given.data / "many").iterdir() if path.is_dir())[: given.studies // 1000]
        for target in targets:
            fill(target, folders)
        print(f"== {given.studies} studies", flush=True)
        subprocess.run([*command, "--ops", "query", "--label", str(given.studies)], check=True, env=environment)


def generate(given: argparse.Namespace) -> None:
    """Make what is missing of the test data."""
    missing = [name for name in SETS.split(",") if not (given.data / name).is_dir()]
    if given.studies and not (given.data / "many").is_dir():
        missing.append("many")
    if missing:
        script = [sys.executable, str(given.method / "gen_data.py"), "--out", str(given.data)]
        subprocess.run([*script, "--sets", ",".join(missing), "--many", str(given.studies or 1000)], check=True)


def main() -> int:
    """Run the comparison; the exit code is that of the method's own script."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--method", type=Path, default=METHOD, help="folder of the scripts")
    options.add_argument("--data", type=Path, required=True, help="test data; made if it is not there")
    options.add_argument("--work", type=Path, help="folder for what is stored; on the disk to be measured")
    options.add_argument("--out", type=Path, help="file for the figures as JSON lines; it must not exist")
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--ops", default="stow,qido,meta,frames,series,rendered", help="groups of rows; empty: none")
    options.add_argument("--studies", type=int, default=10_000, help="studies for the queries that grow; 0: none")
    options.add_argument("--reps", type=int, default=5)
    given = options.parse_args()
    generate(given)
    with tempfile.TemporaryDirectory(dir=given.work) as name:
        lines = given.out or Path(name) / "figures.jsonl"
        with both(Path(name), database=given.database) as targets:
            measure(given, targets, lines)
        return subprocess.call(
            [
                *(sys.executable, str(given.method / "compare.py"), "--ours", "ours", "--peer", "orthanc"),
                *("--goals", str(given.method / "goals.json"), str(lines)),
            ]
        )


if __name__ == "__main__":
    sys.exit(main())

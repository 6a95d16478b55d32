"""Query and retrieval over DIMSE beside Debian's Orthanc, in one run: ``python -m tests.bench.dimse --data DIR``.

Data, method and goals are those of the folder ``bench`` of the shared material beside the checkout (``--method DIR``):
DCMTK asks both in turns, and both send a CT of 500 slices by C-GET and by C-MOVE; with ``--studies 10000`` both are
then filled with studies of one small instance and searched. Orthanc runs on SQLite in its default configuration. The
exit code is 1 when a goal is missed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.web import METHOD, Target, fill
from tests.peers import filmless, free_port, orthanc

# DCMTK's programs before those of the same names that pynetdicom installs.
ENVIRONMENT = os.environ | {"PYTHONPATH": "", "TCP_NODELAY": "1", "PATH": f"/usr/bin:{os.environ['PATH']}"}


@contextmanager
def both(folder: Path, mover_port: int, settings: dict[str, str]) -> Iterator[list[Target]]:
    """Orthanc, which is the base of the ratios, and Filmless; both know where the AE ``MOVER`` listens."""
    modality = {"AET": "MOVER", "Host": "127.0.0.1", "Port": mover_port}
    configuration = {
        "DicomAet": "BENCH", "StableAge": 60, "DefaultEncoding": "Utf8", "DicomModalities": {"mover": modality},
        "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
    }  # fmt: skip
    environment = {"FILMLESS_LOG_LEVEL": "warning", "FILMLESS_DICOM_PROCESSES": "0"} | settings
    with (
        orthanc.running(folder / "orthanc", **configuration) as peer,
        filmless.running(folder / "pacs", **environment) as ours,
    ):
        ours.cli("ae", "add", f"MOVER@127.0.0.1:{mover_port}")
        yield [
            Target("orthanc", "BENCH", peer.dicom_port, "", peer.pid),
            Target("ours", ours.aet, ours.dicom_port, "", ours.pid),
        ]


def measure(given: argparse.Namespace, targets: Sequence[Target], mover_port: int, lines: Path) -> None:
    """Run the method's script on both, empty first, then with many studies."""
    command = [sys.executable, str(given.method / "bench_dimse.py"), "--data", str(given.data), "--out", str(lines)]
    command += ["--reps", str(given.reps)]
    for target in targets:
        command += ["--target", f"{target.name}={target.aet}@127.0.0.1:{target.dicom_port}/{target.pid}"]
    environment = ENVIRONMENT | {"MOVE_PORT": str(mover_port)}
    if given.ops:
        subprocess.run([*command, "--ops", given.ops], check=True, env=environment)
    if given.studies:
        folders = sorted(path for path in (given.data / "many").iterdir() if path.is_dir())[: given.studies // 1000]
        for target in targets:
            fill(target, folders)
        print(f"== {given.studies} studies", flush=True)
        told = ["--ops", "find", "--label", str(given.studies)]
        subprocess.run([*command, *told], check=True, env=environment)


def generate(given: argparse.Namespace) -> None:
    """Make what is missing of the test data."""
    missing = [name for name in ("ct", *(("many",) if given.studies else ())) if not (given.data / name).is_dir()]
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
    options.add_argument("--ops", default="echo,get,move", help="groups of rows before the studies; empty: none")
    options.add_argument("--studies", type=int, default=10_000, help="studies for the queries; 0: none")
    options.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE", help="of Filmless")
    options.add_argument("--reps", type=int, default=5)
    given = options.parse_args()
    generate(given)
    settings = dict(one.split("=", 1) for one in given.setting)
    os.environ["TCP_NODELAY"] = "1"  # for Orthanc too, which would wait 8 ms a slice for Nagle's algorithm
    with tempfile.TemporaryDirectory(dir=given.work) as name:
        lines, mover_port = given.out or Path(name) / "figures.jsonl", free_port()
        with both(Path(name), mover_port, settings) as targets:
            measure(given, targets, mover_port, lines)
        compare = [sys.executable, str(given.method / "compare.py"), "--ours", "ours", "--peer", "orthanc"]
        return subprocess.call([*compare, "--goals", str(given.method / "goals.json"), str(lines)])


if __name__ == "__main__":
    sys.exit(main())

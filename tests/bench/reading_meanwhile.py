"""What reading costs while modalities send: ``python -m tests.bench.reading_meanwhile --data DIR``.

A browser's two questions, a QIDO-RS search and a frame, are asked again and again: first of an idle archive, then while
four associations send at full rate. Prints median and p95 of both and their ratio.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.bench.receiving import METHOD
from tests.peers import filmless

SECONDS = 15.0
SENDERS = 4


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def asked(client: httpx.Client, paths: dict[str, str], until: Callable[[], bool]) -> dict[str, list[float]]:
    """Milliseconds of each question, asked in turn with a breath in between."""
    found: dict[str, list[float]] = {name: [] for name in paths}
    while not until():
        for name, path in paths.items():
            begun = time.perf_counter()
            answer = client.get(path, headers={"Accept": "application/dicom+json"} if name == "QIDO" else FRAME)
            answer.raise_for_status()
            found[name].append((time.perf_counter() - begun) * 1000)
            time.sleep(0.02)
    return found


FRAME = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--method", type=Path, default=METHOD)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--set", default="ct")
    options.add_argument("--work", type=Path)
    given = options.parse_args()
    sys.path.insert(0, str(given.method))
    import gen_data  # type: ignore[import-not-found]  # noqa: PLC0415  # the method's own

    with (
        tempfile.TemporaryDirectory(dir=given.work) as name,
        filmless.running(Path(name) / "pacs", FILMLESS_DICOM_PROCESSES="0", FILMLESS_LOG_LEVEL="warning") as server,
        server.client("radiologist") as client,
    ):
        salt = random.randrange(10**7, 10**8)
        _, _, folders = gen_data.resalt_tree(given.data / given.set, Path(name) / "idle", salt, 1, 100)
        send(server, folders)[0].wait()
        (first,) = client.get("/dicom-web/studies", params={"limit": 1}).json()
        study = first["0020000D"]["Value"][0]
        (instance,) = client.get(f"/dicom-web/studies/{study}/instances", params={"limit": 1}).json()
        series, sop = (instance[tag]["Value"][0] for tag in ("0020000E", "00080018"))
        paths = {
            "QIDO": f"/dicom-web/studies?PatientID={first['00100020']['Value'][0]}",
            "frame": f"/dicom-web/studies/{study}/series/{series}/instances/{sop}/frames/1",
        }
        time.sleep(5)  # what was sent is being put away
        end = time.monotonic() + SECONDS
        idle = asked(client, paths, lambda: time.monotonic() > end)
        folder = Path(name) / "busy"
        count, _, folders = gen_data.resalt_tree(
            given.data / given.set,
            folder,
            random.randrange(10**7, 10**8),
            SENDERS,
        )
        begun = time.monotonic()
        senders = send(server, folders)
        busy = asked(client, paths, lambda: all(sender.poll() is not None for sender in senders))
        print(f"{count} instances of {given.set} in {time.monotonic() - begun:.1f} s by {SENDERS} associations")
    for question in paths:
        one, other = idle[question], busy[question]
        print(
            f"{question}: idle median {statistics.median(one):.1f} ms, p95 {p95(one):.1f} ms; while receiving median "
            f"{statistics.median(other):.1f} ms, p95 {p95(other):.1f} ms ({len(other)} asked); p95 ratio "
            f"{p95(other) / p95(one):.2f}"
        )


def send(server: filmless.Filmless, folders: list[Path]) -> list[subprocess.Popen[bytes]]:
    """One ``dcmsend`` a folder."""
    return [
        subprocess.Popen(
            ["dcmsend", "-aec", server.aet, "+sd", "-nuc", "127.0.0.1", str(server.dicom_port), str(folder)],
            env=os.environ | {"TCP_NODELAY": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for folder in folders
    ]


if __name__ == "__main__":
    main()

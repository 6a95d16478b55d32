"""How much memory receiving takes: ``python -m tests.bench.memory [--gigabytes 4]``.

Sends one multi-frame instance of that size by C-STORE, then lets 50 associations send at once, and prints the largest
resident size (VmHWM) that a DICOM process ever had.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from dicom_nodes.scu.association import associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.sender import Content, Sender
from dicom_nodes.settings import NodeSettings
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from tests.peers import filmless
from tests.storage.generated import ct_slice, encode

ULTRASOUND = "1.2.840.10008.5.1.4.1.1.3.1"
SIDE = 2048
ASSOCIATIONS = 50
SETTINGS = NodeSettings.model_validate({"aet": "BENCH", "dimse_timeout": 600})


def sent(server: filmless.Filmless, data_sets: Iterator[tuple[Dataset, int]]) -> int:
    """Send data sets, each followed by that many bytes of pixels, over one association; gives how many were kept."""
    destination = Destination(server.aet, "127.0.0.1", server.dicom_port)
    kept = 0
    with associated(destination, [(ULTRASOUND, [EXPLICIT_VR_LITTLE_ENDIAN])], SETTINGS) as association:
        sender = Sender(association)
        for data_set, pixels in data_sets:
            head = encode(data_set) + b"\xe0\x7f\x10\x00OB\0\0" + pixels.to_bytes(4, "little")
            piece = bytes(SIDE * SIDE)
            data = partial(itertools.chain, [head], itertools.repeat(piece, pixels // len(piece)))
            uid, size = str(data_set.SOPInstanceUID), len(head) + pixels
            sender.send(sender.prepare(Content(ULTRASOUND, uid, EXPLICIT_VR_LITTLE_ENDIAN, size, data)))
            kept += sender.answer().is_kept
    return kept


def cine(frames: int, study: str = "") -> tuple[Dataset, int]:
    """A multi-frame data set without its pixels, and how many bytes they are."""
    made = ct_slice(
        study=study,
        SOPClassUID=ULTRASOUND,
        Modality="US",
        Rows=SIDE,
        Columns=SIDE,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        NumberOfFrames=frames,
        PixelData=None,
    )
    return made, frames * SIDE * SIDE


def largest(server: filmless.Filmless) -> dict[str, float]:
    """VmHWM in MiB by kind of process, the largest of each kind."""
    found: dict[str, float] = {}
    for process in psutil.Process(server.pid).children(recursive=True):
        words = process.cmdline()
        kind = words[words.index("pacs.process") + 1] if "pacs.process" in words else ""
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        found[kind] = max(found.get(kind, 0.0), peak)
    return found


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gigabytes", type=float, default=4.0)
    options.add_argument("--work", type=Path)
    given = options.parse_args()
    frames = int(given.gigabytes * 10**9) // (SIDE * SIDE)
    with (
        tempfile.TemporaryDirectory(dir=given.work) as name,
        filmless.running(Path(name) / "pacs", FILMLESS_LOG_LEVEL="warning", FILMLESS_DICOM_PROCESSES="0") as server,
    ):
        show("after the start", largest(server))
        begun = time.monotonic()
        assert sent(server, iter([cine(frames)])) == 1
        show(
            f"after an instance of {frames * SIDE * SIDE / 1e9:.2f} GB in {time.monotonic() - begun:.0f} s",
            largest(server),
        )
        with ThreadPoolExecutor(ASSOCIATIONS) as pool:
            jobs = [
                pool.submit(sent, server, (cine(1, study) for _ in range(10)))
                for study in (generate_uid(None) for _ in range(ASSOCIATIONS))
            ]
            assert sum(job.result() for job in jobs) == ASSOCIATIONS * 10
        show(f"after {ASSOCIATIONS} associations at once, 10 instances of 4 MB each", largest(server))


def show(when: str, peaks: dict[str, float]) -> None:
    """Print the peaks of one moment."""
    print(f"{when}: " + ", ".join(f"{kind} {peak:.0f} MiB" for kind, peak in sorted(peaks.items()) if kind))


if __name__ == "__main__":
    main()

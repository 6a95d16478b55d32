"""``make run``: start Filmless, make the sample studies and send them to it as a modality would, by C-STORE.

``python -m sample_studies.start --data DIR [options of pacs up]``
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

PACS = str(Path(sys.executable).with_name("pacs"))
console = Console(highlight=False)


class Node:
    """A ``pacs up`` of ours; what it prints is shown, the closing facts are kept."""

    def __init__(self, data: Path, options: Sequence[str]) -> None:
        self.url = ""
        self.dicom = ""
        self.sign_in = ""
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [PACS, "up", "--data", str(data), *options],
            stdout=subprocess.PIPE,
            text=True,
            # the terminal is for the few lines that matter; FILMLESS_LOG_LEVEL=info shows every request
            env={"FILMLESS_LOG_LEVEL": "warning"} | os.environ,
            # Ctrl-C reaches us alone; we pass it on once.
            process_group=0,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.rstrip("\n")
            if text.startswith("Ready: "):
                self.url = text.removeprefix("Ready: ")
                self._ready.set()
            elif text.startswith("DICOM: "):
                self.dicom = text.removeprefix("DICOM: ")
            elif text.startswith("Sign in "):
                self.sign_in = text
            else:
                console.print(text, markup=False)
        self._ready.set()

    def wait_ready(self) -> bool:
        """Wait for the line ``Ready:``; False when the node ended instead."""
        while not self._ready.wait(0.2):
            pass
        return bool(self.url)

    def stop(self) -> None:
        """Pass Ctrl-C on."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        """Wait for the end; gives the exit code."""
        return self._process.wait()

    def tell(self) -> None:
        """Print where to go."""
        console.print()
        console.print("[bold]Filmless is running.[/bold]")
        console.print(f"  Open     {self.url}", style="bold green", markup=False)
        console.print(
            f"  {self.sign_in or 'Sign in with the password you set (or set one: .venv/bin/pacs user passwd admin)'}",
            markup=False,
        )
        console.print(f"  Send to  {self.dicom}", markup=False)
        console.print("  Ctrl-C stops it.")


def send_samples(node: Node, folder: Path) -> None:
    """Make what is missing of the sample studies and send everything, once per data folder."""
    done = folder / "sent"
    if done.exists():
        return
    from sample_studies.generation import generate  # noqa: PLC0415 - a start without them is quicker
    from sample_studies.real import real_files  # noqa: PLC0415

    # the phantoms last: the newest stand first in the list
    files = [*real_files(), *generate(folder)]
    sent = subprocess.run([PACS, "send", *map(str, files), node.dicom], check=False)
    if sent.returncode == 0:
        done.touch()


def main() -> int:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    known, options = parser.parse_known_args()
    node = Node(known.data, options)

    def stop(signum: int, frame: FrameType | None) -> None:
        node.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if node.wait_ready():
        send_samples(node, known.data / "samples")
        node.tell()
    return node.wait()


if __name__ == "__main__":
    sys.exit(main())

"""``kill -9`` at random moments while senders run: ``python -m tests.bench.kill_rounds --rounds 200``.

Each round starts senders by C-STORE (``dcmsend`` and raw) and STOW-RS, kills a process or all of them, starts again
what was killed, and holds what the archive serves against what the senders were told. Ends with 1 if anything that was
acknowledged is lost, or anything is there that was not sent so.
"""

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests import instances
from tests.faults import sender as raw
from tests.faults.account import described, listed, served
from tests.faults.node import Kind, Node
from tests.faults.sender import Instance
from tests.faults.web_sender import post
from tests.peers import dcmtk, postgresql, seaweedfs

# Two processes share the DICOM port, as they do on two processors.
PROCESSES: tuple[Kind, ...] = ("dicom", "dicom-2", "web", "worker")
VICTIMS: dict[str, tuple[Kind, ...]] = {
    "dicom": ("dicom",),
    "web": ("web",),
    "worker": ("worker",),
    "all": PROCESSES,
}
WEIGHTS = (35, 20, 20, 25)
# Rows and columns of 16-bit slices, and how often each is among what is sent.
SIZES = {16: 50, 128: 30, 512: 18, 2300: 2}
IN_ONE_SENDER = 24
UID = "2.25.{:036d}"


class Slices:
    """Makes many instances of few: a slice of each size is encoded once, and its UIDs are replaced in the bytes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._templates = {size: self._template(size) for size in SIZES}

    def _uid(self) -> str:
        return UID.format(self._chance.randrange(10**35, 10**36))

    def _template(self, size: int) -> Instance:
        dataset = instances.study(1, rows=size, columns=size)[0]
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = self._uid(), self._uid()
        dataset.SOPInstanceUID = self._uid()
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        return Instance.of(dataset)

    def study(self, count: int) -> list[Instance]:
        """A new study of slices of random sizes."""
        study, series = self._uid(), self._uid()
        sizes = self._chance.choices(list(SIZES), weights=list(SIZES.values()), k=count)
        return [self._instance(self._templates[size], study, series) for size in sizes]

    def _instance(self, template: Instance, study: str, series: str) -> Instance:
        sop, file = self._uid(), template.file
        for old, new in ((template.study, study), (template.series, series), (template.sop, sop)):
            file = file.replace(old.encode(), new.encode())
        return Instance(study, series, sop, raw.data_set_in(file), file)


@dataclass
class Sending:
    """One sender of a round: what it sends and what it was told."""

    sent: list[Instance]
    told: set[str] = field(default_factory=set)


class Senders:
    """All senders of a round, running."""

    def __init__(self, node: Node, client: httpx.Client, slices: Slices, folder: Path) -> None:
        self._node, self._client = node, client
        self.sendings = [Sending(slices.study(IN_ONE_SENDER)) for _ in range(5)]
        first, second, third, fourth, fifth = self.sendings
        self._programs = [(one, self._dcmsend(one, folder / str(n))) for n, one in enumerate((first, second))]
        self._threads = [
            threading.Thread(target=self._send_raw, args=(third,)),
            threading.Thread(target=self._send_raw, args=(fourth,)),
            threading.Thread(target=self._store, args=(fifth,)),
        ]
        for thread in self._threads:
            thread.start()

    def _dcmsend(self, one: Sending, folder: Path) -> dcmtk.Dcmsend:
        folder.mkdir(parents=True)
        paths = [folder / f"{number}.dcm" for number in range(len(one.sent))]
        for path, instance in zip(paths, one.sent, strict=True):
            path.write_bytes(instance.file)
        return dcmtk.Dcmsend(paths, self._node.dicom_port)

    def _send_raw(self, one: Sending) -> None:
        for start in range(0, len(one.sent), 8):  # several associations, as modalities send
            try:
                one.told |= raw.acknowledged(raw.send(self._node.dicom_port, one.sent[start : start + 8]))
            except OSError:
                continue

    def _store(self, one: Sending) -> None:
        for start in range(0, len(one.sent), 3):
            one.told |= post(self._client, one.sent[start : start + 3])

    def finish(self) -> None:
        """Wait for all of them."""
        for one, program in self._programs:
            one.told |= program.finish().acknowledged
        for thread in self._threads:
            thread.join()


@dataclass(frozen=True)
class Round:
    """What came of one kill; ``unanswered``: kept, but the answer never left."""

    victim: str
    moment_s: float
    sent: int
    acknowledged: int
    unanswered: int
    lost: int
    ghosts: int
    restart_s: float

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"{self.victim:6} killed at {self.moment_s:.2f} s: {self.acknowledged} of {self.sent} acknowledged, "
            f"{self.unanswered} kept unanswered, {self.lost} lost, {self.ghosts} ghosts"
        )


def run_round(node: Node, client: httpx.Client, slices: Slices, chance: random.Random, folder: Path) -> Round:
    """Send, kill, start again, and hold the archive to account."""
    victim = chance.choices(list(VICTIMS), weights=WEIGHTS)[0]
    # The worker rests while instances arrive: its work goes on after the senders.
    moment = chance.uniform(0.05, 2.5 if victim == "worker" else 1.0)
    senders = Senders(node, client, slices, folder)
    time.sleep(moment)
    node.slay(*VICTIMS[victim])
    killed_at = time.monotonic()
    node.serve(*VICTIMS[victim])
    restart = time.monotonic() - killed_at
    senders.finish()
    node.revive(*PROCESSES)
    shutil.rmtree(folder)
    kept, lost, ghosts = 0, 0, 0
    for one in senders.sendings:
        found, missing, wrong = settle(client, one.sent, one.told)
        kept, lost, ghosts = kept + found, lost + missing, ghosts + wrong
    told = sum(len(one.told) for one in senders.sendings)
    sent = sum(len(one.sent) for one in senders.sendings)
    return Round(victim, moment, sent, told, kept - told + lost, lost, ghosts, restart)


def settle(client: httpx.Client, sent: Sequence[Instance], told: set[str]) -> tuple[int, int, int]:
    """Instances served right, acknowledged but not served right, and told of by any service but not right."""
    right = {instance.sop: instance.digest for instance in sent}
    study = sent[0].study
    found = served(client, study)
    good = {sop for sop, digest in found.items() if right.get(sop) == digest}
    ghosts = (set(found) | listed(client, study) | described(client, study)) - good
    return len(good), len(told - good), len(ghosts)


def settle_disk(node: Node, client: httpx.Client) -> list[str]:
    """What is wrong on the disk once the worker has emptied the spool."""
    node.wait_uploaded(within_s=120)
    wrong = [f"half written: {name}" for name in node.incoming()]
    wrong += [f"put aside: {name}" for name in node.quarantined()]
    total = int(client.get("/api/studies", params={"limit": 1}).json()["total"])
    rows, page = 0, 500
    for offset in range(0, total, page):
        found = client.get("/api/studies", params={"limit": page, "offset": offset}).json()["studies"]
        rows += sum(row["number_of_instances"] for row in found)
    objects = len(node.objects())
    if (node.data / "objects").exists() and objects != rows:
        wrong.append(f"{objects} objects for {rows} rows")
    return wrong


def table(rounds: Sequence[Round]) -> Iterator[str]:
    """The figures by victim and in all."""
    yield "| killed | rounds | sent | acknowledged | kept unanswered | lost | ghosts | back after (median) |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name in (*VICTIMS, "in all"):
        some = [one for one in rounds if name in (one.victim, "in all")]
        if some:
            sums = [sum(getattr(one, column) for one in some) for column in _SUMMED]
            restart = statistics.median(one.restart_s for one in some)
            yield f"| {name} | {len(some)} | " + " | ".join(map(str, sums)) + f" | {restart:.1f} s |"


_SUMMED = ("sent", "acknowledged", "unanswered", "lost", "ghosts")


@contextmanager
def running(arguments: argparse.Namespace, folder: Path) -> Iterator[Node]:
    """A node on the database and object store of the arguments."""
    with ExitStack() as stack:
        environment = {"FILMLESS_LOG_LEVEL": "error"}
        if arguments.postgresql:
            environment["FILMLESS_DATABASE_URL"] = stack.enter_context(postgresql.running()).database()
        if arguments.s3:
            server = stack.enter_context(seaweedfs.running())
            settings = server.settings(server.bucket())
            environment |= {f"FILMLESS_{name.upper()}": value for name, value in settings.items()}
        node = Node(folder / "data", environment)
        stack.callback(node.slay, *PROCESSES)
        node.serve(*PROCESSES)
        yield node


def main() -> int:
    """Run the rounds and print the table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="the same seed sends and kills at the same moments")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    parser.add_argument("--postgresql", action="store_true", help="index on PostgreSQL in place of SQLite")
    parser.add_argument("--s3", action="store_true", help="objects in SeaweedFS in place of a folder")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    began = time.monotonic()
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="kill-rounds-", dir=arguments.folder) as name:
        folder = Path(name)
        slices = Slices(chance)
        with running(arguments, folder) as node, node.client() as client:
            for number in range(1, arguments.rounds + 1):
                one = run_round(node, client, slices, chance, folder / f"round-{number}")
                rounds.append(one)
                print(f"{number:4} {one}", file=sys.stderr, flush=True)
            wrong = settle_disk(node, client)
    lost, ghosts = sum(one.lost for one in rounds), sum(one.ghosts for one in rounds)
    print("\n".join(table(rounds)))
    for line in wrong:
        print(f"at the end: {line}")
    print(
        json.dumps(
            {
                "seed": arguments.seed,
                "rounds": len(rounds),
                "index": "postgresql" if arguments.postgresql else "sqlite",
                "objects": "s3" if arguments.s3 else "folder",
                "acknowledged": sum(one.acknowledged for one in rounds),
                "lost": lost,
                "ghosts": ghosts,
                "wrong_at_the_end": wrong,
                "seconds": round(time.monotonic() - began, 1),
            }
        )
    )
    return 1 if lost or ghosts or wrong else 0


if __name__ == "__main__":
    sys.exit(main())

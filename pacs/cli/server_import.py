"""``pacs import orthanc``: take over a whole Orthanc server, and follow it while both run."""

import fcntl
import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, TaskID

from pacs.cli.options import Data, Facility, console, opened, progress_bar
from storage.access import facilities
from storage.access.principal import SYSTEM
from storage.archive import Archive, server_import
from storage.errors import InvalidRequest, WrongState

if TYPE_CHECKING:
    from pacs.federation.orthanc_import import Told
    from pacs.federation.orthanc_source import OrthancSource

PASSWORD_FROM = "FILMLESS_ORTHANC_PASSWORD"  # noqa: S105  the name of a variable
PROBLEMS_SHOWN = 20
_TITLES = {"instances": "Instances", "studies": "Studies compared"}


def register(group: typer.Typer) -> None:
    """Add the commands of this module."""
    group.command("orthanc")(import_orthanc)


def import_orthanc(
    address: Annotated[str, typer.Argument(metavar="URL", help="Of its REST API: http://192.168.1.10:8042")],
    user: Annotated[
        str,
        typer.Option(help=f"User there; the password comes from {PASSWORD_FROM}, or is asked for.", show_default=False),
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what arrives there, until Ctrl-C.")] = False,
    facility: Facility = None,
    parallel: Annotated[int, typer.Option(min=1, max=32, help="So many files at once.")] = 8,
    ca: Annotated[
        Path | None, typer.Option(help="Certification authorities to trust, as PEM.", show_default=False)
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report to this file as JSON.")] = None,
    data: Data = None,
) -> None:
    """Take over an Orthanc server: every file proven, every study compared; run again and it goes on."""
    # httpx takes a while to load, which no other command should wait for.
    from pacs.federation.orthanc_source import OrthancSource  # noqa: PLC0415 - httpx is loaded by who imports

    password = _password(user)
    source = OrthancSource(address, user=user, password=password, certificates=ca, connections=parallel)
    try:
        with opened(data) as (settings, archive), _alone(settings.data_dir / "imports", source.address):
            owner = facilities.get_or_create(archive.index, facility or settings.facility)
            identity = _run(archive, source, owner.id, follow=follow, parallel=parallel)
            result = server_import.show(archive, identity, SYSTEM)
    finally:
        source.close()
    if report is not None:
        report.write_text(json.dumps(report_json(result), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(result)
    if result["refused"] or result["incomplete"]:
        raise typer.Exit(2)


def report_json(row: dict[str, Any]) -> dict[str, Any]:
    """The report of an import for ``--report``."""
    numbers = ("instances_there", "stored", "duplicates", "gone", "unproven", "refused", "bytes")
    studies = {"there": row["studies_there"], "compared": row["studies_compared"], "complete": row["studies_complete"]}
    named: dict[str, list[dict[str, str]]] = {"instance": [], "study": []}
    for one in row["problems"]:
        named[one["kind"]].append({one["kind"]: one["subject"], "reason": one["reason"]})
    return {
        "server": row["address"],
        "state": row["state"],
        "error": row["error"],
        "instances": {name: row[name] for name in numbers},
        "studies": studies,
        "refused": named["instance"],
        "incomplete": named["study"],
    }


def _password(user: str) -> str:
    if not user:
        return ""
    return os.environ.get(PASSWORD_FROM) or str(typer.prompt(f"Password of {user}", hide_input=True))


def _run(archive: Archive, source: "OrthancSource", facility_id: int, *, follow: bool, parallel: int) -> int:
    from pacs.federation.orthanc_import import OrthancImport  # noqa: PLC0415 - as above

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if follow:
        signal.signal(signal.SIGINT, lambda *_: stop.set())  # the ordinary end
    with progress_bar() as bar:
        work = OrthancImport(
            archive,
            source,
            facility_id=facility_id,
            principal=SYSTEM,
            stop=stop,
            parallel=parallel,
            tell=_shown_in(bar),
        )
        work.run(follow=follow)
    return work.running.id


def _shown_in(bar: Progress) -> "Callable[[Told], None]":
    tasks: dict[str, TaskID] = {}

    def show(told: "Told") -> None:
        if told.phase not in tasks:
            tasks[told.phase] = bar.add_task(_TITLES[told.phase], total=told.total)
        bar.update(tasks[told.phase], completed=told.done, total=told.total)

    return show


@contextmanager
def _alone(folder: Path, address: str) -> Iterator[None]:
    """One import of a server at a time; a process that died holds nothing.

    Raises:
        WrongState: another one runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongState(f"{address} is being imported already.") from None
        except OSError as error:
            raise InvalidRequest("The data folder cannot be locked.") from error
        yield


def _tell(row: dict[str, Any]) -> None:
    parts = [f"{row['stored']} stored"]
    parts += [f"{row['duplicates']} already here"] if row["duplicates"] else []
    parts += [f"{row['gone']} deleted there meanwhile"] if row["gone"] else []
    parts += [f"{row['refused']} refused"] if row["refused"] else []
    console.print(", ".join(parts) + ".")
    console.print(f"{row['studies_complete']} of {row['studies_there']} studies are complete here.")
    if row["unproven"]:
        console.print(f"{row['unproven']} could not be compared with a digest of the server: it keeps none.")
    for one in row["problems"][:PROBLEMS_SHOWN]:
        told = f"  {one['kind']} {one['subject']}: {one['reason']}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    if len(row["problems"]) > PROBLEMS_SHOWN:
        console.print(f"  … and {len(row['problems']) - PROBLEMS_SHOWN} more (see --report).")

"""``pacs verify`` and ``pacs rebuild-index``: are the bytes right, and the index made anew from them."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pacs.bootstrap import recover
from pacs.cli.options import Data, console, errors, fail, opened
from storage.access.principal import SYSTEM
from storage.archive import rebuild as rebuilding
from storage.archive import scrub as scrubbing
from storage.archive.finding import MEANINGS, ScrubReport, as_json

SHOWN = 20
UNSOLVED = 2
_LINE_EVERY_S = 10.0
_MEGABYTE = 1_000_000
_AGE = re.compile(r"(\d+)\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Report = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the report to this file as JSON; -: print it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("verify")(verify)
    app.command("rebuild-index")(rebuild_index)


def verify(
    quick: Annotated[bool, typer.Option("--quick", help="Look at existence and size alone, read nothing.")] = False,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Read only what was not read for so long: 12h, 30d, 8w.")
    ] = "",
    repair: Annotated[
        bool, typer.Option("--repair", help="Make damaged objects anew where this node has a good copy.")
    ] = False,
    adopt_orphans: Annotated[
        bool, typer.Option("--adopt-orphans", help="Index instance objects that have no row.")
    ] = False,
    rate: Annotated[float, typer.Option(min=0, metavar="MB/S", help="Read no faster; 0: no limit.")] = 0,
    report: Report = None,
    data: Data = None,
) -> None:
    """Hold every object against the index, and the index against every object.

    Reads each object and compares its size, the SHA-256 of its data set and its file meta; finds objects without a row
    and rows without an object; looks at the spool and the quarantine of this node. It deletes nothing and may run while
    the archive works. Interrupted, it goes on with --older-than. Ends with 0: all is well; 1: it could not be done;
    2: something is left that is not as it should be.
    """
    age = _age(older_than) if older_than else None
    wanted = scrubbing.Scrub(
        quick=quick,
        older_than=age,
        repair=repair,
        adopt=adopt_orphans,
        rate=int(rate * _MEGABYTE),
    )
    with opened(data) as (_, archive), telling() as tell:
        found = scrubbing.scrub(archive, wanted, SYSTEM, tell)
    _write(report, as_json(found))
    _tell_found(found, quiet=report == Path("-"))
    if found.unsolved:
        raise typer.Exit(UNSOLVED)


def rebuild_index(
    resume: Annotated[
        bool, typer.Option("--resume", "--merge", help="Go on after an interruption, or add to what the index holds.")
    ] = False,
    read_all: Annotated[
        bool, typer.Option("--hash", help="Read every byte and prove it, instead of the header alone.")
    ] = False,
    report: Report = None,
    data: Data = None,
) -> None:
    """Make the index anew from the objects alone.

    For when the database is lost: give the archive an empty one, run this, then start it. Studies, their facility, the
    time they came and their order are as before; accounts, tokens, application entities and the audit trail are not in
    the objects. Ends with 0: every object is indexed; 1: it could not be done; 2: some objects cannot be indexed.
    """
    with opened(data) as (_, archive):
        with telling() as tell:
            done = rebuilding.rebuild(archive, SYSTEM, merge=resume, read_all=read_all, progress=tell)
        spooled = recover(archive)
    _write(report, {**vars(done), "from_spool": spooled.ingested})
    if report != Path("-"):
        parts = [f"{done.objects} objects", f"{done.added} indexed"]
        parts += [f"{done.known} known already"] if done.known else []
        parts += [f"{spooled.ingested} from the spool"] if spooled.ingested else []
        parts += [f"{done.refused_count} cannot be indexed"] if done.refused_count else []
        console.print(", ".join(parts) + ".", soft_wrap=True)
        for key, reason in done.refused[:SHOWN]:
            console.print(f"  {key}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if done.refused_count:
        raise typer.Exit(UNSOLVED)


@contextmanager
def telling() -> Iterator[Callable[[str, int, int | None], None]]:
    """What hears how far a long task is: a bar on a terminal, else a line now and then; on standard error."""
    if not errors.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors) as bar:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield tell


def _lines() -> Callable[[str, int, int | None], None]:
    told: dict[str, float] = {}

    def tell(stage: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - told.get(stage, -_LINE_EVERY_S) >= _LINE_EVERY_S or done == total:
            told[stage] = now
            sys.stderr.write(f"{stage}: {done}{f' of {total}' if total is not None else ''}\n")

    return tell


def _age(text: str) -> timedelta:
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise fail("An age is a number and a unit: 90m, 12h, 30d or 8w.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _write(file: Path | None, report: dict[str, Any]) -> None:
    if file is None:
        return
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if file == Path("-"):
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")


def _tell_found(found: ScrubReport, *, quiet: bool) -> None:
    if quiet:
        return
    read = f", {found.read} read ({found.bytes_read / _MEGABYTE:,.0f} MB)" if not found.quick else ""
    console.print(f"{found.instances} instances and {found.objects} objects looked at{read}.", soft_wrap=True)
    if not found.counts:
        console.print("All is well.")
        return
    for kind, number in sorted(found.counts.items()):
        console.print(f"  {number} {MEANINGS[kind]}", highlight=False, soft_wrap=True)
    if found.repaired:
        console.print(f"{found.repaired} of them put right.", highlight=False)
    for one in found.findings[:SHOWN]:
        state = " (put right)" if one.repaired else ""
        console.print(
            f"  {one.kind}: {one.sop_instance_uid} {one.name}{state}", markup=False, highlight=False, soft_wrap=True
        )
    if found.counts.total() > SHOWN:
        console.print(f"  … and {found.counts.total() - SHOWN} more (see --json).", highlight=False)

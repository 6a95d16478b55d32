"""``pacs find``, ``pacs move`` and ``pacs get``: what another node has, and having it sent (PS3.4 Annex C)."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, get_args

import typer
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from rich.progress import Progress, TaskID
from rich.table import Table

from dicom_nodes.scu import find as scu
from dicom_nodes.scu import get as fetching
from dicom_nodes.scu import move as moving
from dicom_nodes.scu.retrieval import Retrieved
from pacs import importer
from pacs.bootstrap import load_settings
from pacs.cli.options import Data, Facility, Peer, called, console, fail, opened, progress_bar
from storage.access import facilities
from storage.access.principal import SYSTEM

ROWS_SHOWN = 200
_KEYS = {
    "STUDY": ("PatientID", "PatientName", "StudyDate", "ModalitiesInStudy", "StudyDescription", "StudyInstanceUID"),
    "SERIES": ("Modality", "SeriesNumber", "SeriesDescription", "SeriesInstanceUID"),
    "IMAGE": ("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
}

Study = Annotated[str, typer.Option("--study", help="Study Instance UID; several with a comma between.")]
Series = Annotated[str, typer.Option("--series", help="Only this series of the study; several with a comma between.")]
Image = Annotated[str, typer.Option("--image", help="Only these instances of the series, by SOP Instance UID.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(find)
    app.command()(move)
    app.command()(get)


def find(
    peer: Peer,
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help='e.g. "PatientName=Nguyen*" StudyDate=20260101- Modality=')
    ],
    level: Annotated[str, typer.Option(help="STUDY, SERIES or IMAGE; those below need the UIDs above.")] = "STUDY",
    as_json: Annotated[bool, typer.Option("--json", help="One line of DICOM JSON a match.")] = False,
    data: Data = None,
) -> None:
    """Ask a DICOM node what it has (C-FIND)."""
    chosen = _level(level)
    wanted = dict.fromkeys(_KEYS[chosen], "") | dict(map(_key, keys))
    table, matches = Table(*wanted), 0
    for match in scu.find(called(peer, data), chosen, wanted, load_settings(data_dir=data)):
        matches += 1
        if as_json:
            typer.echo(json.dumps(match.to_json_dict(suppress_invalid_tags=True), ensure_ascii=False))
        elif matches <= ROWS_SHOWN:
            table.add_row(*(_told(match, keyword) for keyword in wanted))
    if not as_json:
        console.print(table)
        console.print(f"{matches} found." + (f" {ROWS_SHOWN} are shown." if matches > ROWS_SHOWN else ""))


def move(
    peer: Peer,
    to: Annotated[str, typer.Argument(metavar="AET", help="AE title to send to, as the other node knows it.")],
    study: Study,
    series: Series = "",
    image: Image = "",
    data: Data = None,
) -> None:
    """Have a DICOM node send a study to an application entity (C-MOVE)."""
    level, keys = _unique(study, series, image)
    with progress_bar() as bar:
        task = bar.add_task(f"Sending to {to}", total=None)
        retrieved = moving.move(
            called(peer, data), level, keys, to, load_settings(data_dir=data), lambda so_far: _show(bar, task, so_far)
        )
    _tell(retrieved)


def get(
    peer: Peer,
    study: Study,
    series: Series = "",
    image: Image = "",
    folder: Annotated[Path | None, typer.Option(help="Keep the files there; otherwise the archive takes them.")] = None,
    facility: Facility = None,
    data: Data = None,
) -> None:
    """Fetch a study from a DICOM node (C-GET), into this archive or into a folder."""
    destination, (level, keys) = called(peer, data), _unique(study, series, image)
    settings = load_settings(data_dir=data)
    if folder is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetched-", dir=settings.data_dir if folder is None else None) as name:
        with progress_bar() as bar:
            task = bar.add_task(f"Fetching from {destination.ae_title}", total=None)
            place = folder or Path(name)
            retrieved = fetching.get(destination, level, keys, place, settings, lambda one: _show(bar, task, one))
        if folder is None:
            _take_in(place, facility, data)
    _tell(retrieved)


def _take_in(folder: Path, facility: str | None, data: Path | None) -> None:
    with opened(data) as (settings, archive):
        owner = facilities.get_or_create(archive.index, facility or settings.facility)
        journal = importer.Journal(settings.data_dir / "imports", [folder])
        items = importer.find_items([folder])
        report = importer.import_items(archive, items, journal, facility_id=owner.id, principal=SYSTEM)
    console.print(f"{report.stored} stored, {report.duplicates} already here.")
    for name, reason in report.refused:
        console.print(f"  {name}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if report.refused:
        raise typer.Exit(2)


def _level(text: str) -> scu.Level:
    for level in get_args(scu.Level):
        if text.upper() == level:
            return level  # type: ignore[no-any-return]  # get_args knows no types
    raise fail("The level is STUDY, SERIES or IMAGE.")


def _key(text: str) -> tuple[str, str]:
    keyword, _, value = text.partition("=")
    if tag_for_keyword(keyword) is None:
        raise fail(f"There is no attribute {keyword!r}; a key is written as Keyword=value, e.g. PatientID=12.")
    return keyword, value


def _unique(study: str, series: str, image: str) -> tuple[scu.Level, dict[str, str]]:
    given = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": image}
    keys = {name: value.replace(",", "\\").replace(" ", "") for name, value in given.items() if value}
    if image and not series:
        raise fail("The instances of which series? Give --series too.")
    level: scu.Level = "IMAGE" if image else "SERIES" if series else "STUDY"
    return level, keys


def _told(match: Dataset, keyword: str) -> str:
    value = match.get(keyword, "")
    return ", ".join(map(str, value)) if not isinstance(value, str) and hasattr(value, "__iter__") else str(value or "")


def _show(bar: Progress, task: TaskID, so_far: Retrieved) -> None:
    done = so_far.completed + so_far.failed + so_far.warning
    bar.update(task, completed=done, total=done + so_far.remaining)


def _tell(retrieved: Retrieved) -> None:
    sent = retrieved.completed + retrieved.warning
    console.print(f"{sent} sent" + (f", {retrieved.failed} failed." if retrieved.failed else "."))
    for uid in retrieved.failed_uids:
        console.print(f"  {uid}", markup=False, highlight=False, soft_wrap=True)
    if retrieved.failed:
        raise typer.Exit(2)

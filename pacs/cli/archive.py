"""``pacs import``: take in media, folders and whole servers."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pacs import importer
from pacs.cli import server_import
from pacs.cli.options import Data, Facility, console, opened, progress_bar
from storage.access import facilities
from storage.access.principal import SYSTEM

REASONS_SHOWN = 20
_FILES = "files"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Take in files, or a whole server.", no_args_is_help=True, cls=_Import)
    group.command(_FILES)(import_paths)
    server_import.register(group)
    app.add_typer(group, name="import")


class _Import(TyperGroup):
    """What names no source is the path of files: ``pacs import DISC`` is ``pacs import files DISC``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in what was left out."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_FILES, *args]
        return super().parse_args(ctx, args)


def import_paths(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Folders, zip files, DICOMDIR or DICOM files.")],
    facility: Facility = None,
    report: Annotated[Path | None, typer.Option(help="Write the report to this file as JSON.")] = None,
    data: Data = None,
) -> None:
    """Take in files; run again after an interruption and it goes on where it stopped."""
    with opened(data) as (settings, archive):
        items = importer.find_items(paths)
        owner = facilities.get_or_create(archive.index, facility or settings.facility)
        journal = importer.Journal(settings.data_dir / "imports", paths)
        with progress_bar() as bar:
            task = bar.add_task("Importing", total=len(items))
            result = importer.import_items(
                archive,
                items,
                journal,
                facility_id=owner.id,
                principal=SYSTEM,
                progress=lambda item: bar.advance(task),
            )
    if report is not None:
        report.write_text(json.dumps(result.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(result)
    if result.refused:
        raise typer.Exit(2)


def _tell(result: importer.ImportReport) -> None:
    parts = [f"{result.stored} stored in {len(result.studies)} studies"]
    parts += [f"{result.duplicates} already here"] if result.duplicates else []
    parts += [f"{result.skipped} done before the interruption"] if result.skipped else []
    parts += [f"{len(result.refused)} refused"] if result.refused else []
    console.print(", ".join(parts) + ".")
    for name, reason in result.refused[:REASONS_SHOWN]:
        console.print(f"  {name}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if len(result.refused) > REASONS_SHOWN:
        console.print(f"  … and {len(result.refused) - REASONS_SHOWN} more (see --report).")

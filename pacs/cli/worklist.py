"""``pacs worklist``: what another node's Modality Worklist says is to be done (PS3.4 Annex K)."""

import json
from datetime import date
from typing import Annotated

import typer
from pydicom.dataset import Dataset
from rich.table import Table

from dicom_nodes.scu.worklist import worklist as ask
from pacs.bootstrap import load_settings
from pacs.cli.options import Data, Peer, called, console

_COLUMNS = ("date", "time", "machine", "modality", "patient", "patient ID", "accession number", "procedure", "status")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(worklist)


def worklist(
    peer: Peer,
    day: Annotated[str, typer.Option(help="YYYYMMDD, a range with a dash, or any; today if left out.")] = "",
    station: Annotated[str, typer.Option(help="AE title of the machine.")] = "",
    modality: Annotated[str, typer.Option(help="e.g. CT.")] = "",
    name: Annotated[str, typer.Option(help='Patient name, e.g. "NGUYEN*".')] = "",
    patient: Annotated[str, typer.Option(help="Patient ID.")] = "",
    accession: Annotated[str, typer.Option(help="Accession number.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One line of DICOM JSON an item.")] = False,
    data: Data = None,
) -> None:
    """Ask a DICOM node for its worklist (C-FIND)."""
    days = {"": date.today().strftime("%Y%m%d"), "any": ""}.get(day, day)  # noqa: DTZ011  the day of this place
    keys = {"PatientName": name, "PatientID": patient, "AccessionNumber": accession}
    step = {"ScheduledProcedureStepStartDate": days, "ScheduledStationAETitle": station, "Modality": modality}
    table, items = Table(*_COLUMNS), 0
    for item in ask(called(peer, data), keys, step, load_settings(data_dir=data)):
        items += 1
        if as_json:
            typer.echo(json.dumps(item.to_json_dict(suppress_invalid_tags=True), ensure_ascii=False))
        else:
            table.add_row(*_row(item))
    if not as_json:
        console.print(table)
        console.print(f"{items} found.")


def _row(item: Dataset) -> tuple[str, ...]:
    steps = item.get("ScheduledProcedureStepSequence") or [Dataset()]
    step = steps[0]
    told = (
        *(step.get(name, "") for name in ("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime")),
        *(step.get(name, "") for name in ("ScheduledStationAETitle", "Modality")),
        *(item.get(name, "") for name in ("PatientName", "PatientID", "AccessionNumber")),
        item.get("RequestedProcedureDescription", "") or step.get("ScheduledProcedureStepDescription", ""),
        step.get("ScheduledProcedureStepStatus", ""),
    )
    return tuple(", ".join(map(str, one)) if isinstance(one, list) else str(one or "") for one in told)

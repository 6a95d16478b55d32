"""``pacs grant …``: what linked sites may see, and why."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pacs.cli.options import Data, console, opened
from storage.access.grant_decision import Purpose
from storage.access.principal import SYSTEM
from storage.archive import grant
from storage.archive.grant import Paper, Wanted


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Grants: which studies people of a linked site may see.", no_args_is_help=True)
    group.command("give")(give)
    group.command("revoke")(revoke)
    group.command("list")(everything)
    app.add_typer(group, name="grant")


def give(
    site: Annotated[str, typer.Argument(metavar="SITE", help="Id of the linked site (pacs site list).")],
    study: Annotated[str, typer.Option("--study", help="Study Instance UID.")] = "",
    patient: Annotated[str, typer.Option("--patient", help="Patient ID: all studies of the patient.")] = "",
    priors: Annotated[bool, typer.Option("--priors", help="With the study, the patient's earlier ones.")] = False,
    consent: Annotated[
        Path | None, typer.Option("--consent", help="The patient's written consent: a PDF, PNG or JPEG.")
    ] = None,
    law: Annotated[str, typer.Option("--law", help="The legal provision, where there is no consent.")] = "",
    copy: Annotated[bool, typer.Option("--copy", help="The studies may be copied, not only seen.")] = False,
    days: Annotated[int, typer.Option(help="Days for which it holds.")] = 30,
    data: Data = None,
) -> None:
    """Let the people of a linked site see a study, or a patient's studies."""
    scope = "patient" if patient else "priors" if priors else "study"
    paper = Paper(consent.name, consent.read_bytes()) if consent else None
    until = datetime.now(UTC) + timedelta(days=days)
    wanted = Wanted(
        site_id=site.replace("-", "").lower(),
        scope=scope,
        study_instance_uid="" if patient else study,
        patient_id=patient,
        purpose=Purpose.TREATMENT,
        basis="consent" if consent else "law",
        note=law,
        may_copy=copy,
        valid_until=until,
        paper=paper,
    )
    with opened(data) as (_, archive):
        made = grant.give(archive, wanted, SYSTEM)
    console.print(f"Grant {made['id']} to {made['site_name']} holds until {until:%Y-%m-%d %H:%M} UTC.", markup=False)


def revoke(
    key: Annotated[int, typer.Argument(metavar="GRANT", help="Its number.")],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why it ends.")],
    data: Data = None,
) -> None:
    """End a grant at once."""
    with opened(data) as (_, archive):
        grant.revoke(archive, key, reason, SYSTEM)
    console.print(f"Grant {key} is revoked.", markup=False)


def everything(
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Only emergency accesses that nobody has reviewed.")
    ] = False,
    data: Data = None,
) -> None:
    """List the grants and emergency accesses, the newest first."""
    table = Table("number", "kind", "site", "scope", "facility", "basis", "until", "state")
    now = datetime.now(UTC)
    kind, state = ("emergency", "unreviewed") if unreviewed else ("", "")
    with opened(data) as (_, archive):
        for one in grant.page(archive, SYSTEM, kind=kind, state=state, limit=grant.MOST_ROWS):
            ended = "revoked" if one["revoked_at"] else "lapsed" if one["valid_until"] <= now else "open"
            names = (one["kind"], one["site_name"], one["scope"], one["facility_code"], one["basis"])
            table.add_row(str(one["id"]), *names, f"{one['valid_until']:%Y-%m-%d %H:%M}", ended)
    console.print(table)

"""``pacs routes …`` and ``pacs commit``: what goes to other machines by itself, and whether they keep it."""

import time
from typing import Annotated, Any

import typer
from pydicom.uid import generate_uid
from rich.table import Table

from dicom_nodes.scu.commitment import request_commitment
from pacs.cli.options import Data, Peer, called, console, fail, opened
from storage.access.principal import SYSTEM
from storage.archive import asked_commitment, delivery_list, route, routing
from storage.archive.delivery import State
from storage.archive.route import Rule
from storage.errors import InvalidRequest

# The node of this archive may be told the result; its row is looked at so often.
_LOOK_EVERY_S = 0.5

Titles = Annotated[list[str], typer.Option("--to", metavar="AET", help="Destination; can be given several times.")]
Sources = Annotated[
    list[str] | None, typer.Option("--from", metavar="AET", help="Only what this machine sent.", show_default=False)
]
Modalities = Annotated[
    list[str] | None, typer.Option("--modality", help="Only this modality, e.g. CT.", show_default=False)
]
Words = Annotated[str, typer.Option("--description", help="Words of the study or series description.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="Forwarding rules, and the queue of what is owed to other machines.", no_args_is_help=True)
    for command in (add, enable, disable, remove, queue, retry, cancel, send):
        group.command()(command)
    group.command("list")(everything)
    app.add_typer(group, name="routes")
    app.command()(commit)


def add(
    name: Annotated[str, typer.Argument(help="What the rule is called.")],
    to: Titles,
    source: Sources = None,
    modality: Modalities = None,
    description: Words = "",
    received: Annotated[str, typer.Option(help="Only what comes in these hours, e.g. 17:00-07:00.")] = "",
    days: Annotated[str, typer.Option(help="Only what comes on these days; 1 is Monday, e.g. 12345.")] = "",
    send_hours: Annotated[str, typer.Option("--send", help="Send in these hours, e.g. 22:00-05:00.")] = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Ask for storage commitment afterwards.")] = False,
    data: Data = None,
) -> None:
    """Forward what is received from now on and meets every condition."""
    rule = Rule(
        name=name,
        destinations=tuple(to),
        confirm=confirm,
        source_ae_titles=tuple(source or ()),
        modalities=tuple(modality or ()),
        description=description,
        received_hours=received,
        received_days=days,
        send_hours=send_hours,
    )
    with opened(data) as (_, archive):
        made = route.add(archive, rule, SYSTEM)
    console.print(f"Rule {made.id} is in force.", markup=False)


def everything(data: Data = None) -> None:
    """List the rules."""
    table = Table("number", "name", "in force", "to", "conditions", "sent")
    with opened(data) as (_, archive):
        for one in route.listed(archive, SYSTEM):
            hours = f"{one.send_hours or 'at once'}{', confirmed' if one.confirm else ''}"
            told = (", ".join(one.destinations), _conditions(one), hours)
            table.add_row(str(one.id), one.name, "yes" if one.enabled else "no", *told)
    console.print(table)


def enable(number: Number, data: Data = None) -> None:
    """Put a rule in force again, for what is received from now on."""
    _switch(number, data, on=True)


def disable(number: Number, data: Data = None) -> None:
    """Suspend a rule; what it made due stays due."""
    _switch(number, data, on=False)


def remove(number: Number, data: Data = None) -> None:
    """Remove a rule; what it made due stays due."""
    with opened(data) as (_, archive):
        route.remove(archive, number, SYSTEM)
    console.print(f"Rule {number} is removed.", markup=False)


def queue(
    state: Annotated[str, typer.Option(help="waiting, done, failed or cancelled.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=delivery_list.MOST_ROWS)] = 50,
    data: Data = None,
) -> None:
    """List what is owed to other machines: what failed and waits first."""
    if state and state not in delivery_list.STATES:
        raise InvalidRequest(f"The state is one of {', '.join(delivery_list.STATES)}.")
    wanted: State | None = next((one for one in delivery_list.STATES if one == state), None)
    table = Table("number", "what", "to", "state", "instances", "attempts", "next", "study or transaction", "reason")
    with opened(data) as (_, archive):
        page = delivery_list.listed(archive, SYSTEM, state=wanted, limit=limit)
    for row in page.rows:
        table.add_row(*_queue_row(row))
    console.print(table)
    console.print(", ".join(f"{number} {name}" for name, number in sorted(page.states.items())) or "Nothing is owed.")


def retry(number: Number, data: Data = None) -> None:
    """Try a delivery again now, also what was refused."""
    with opened(data) as (_, archive):
        delivery_list.retry(archive, number, SYSTEM)
    console.print(f"Delivery {number} is due now.", markup=False)


def cancel(number: Number, data: Data = None) -> None:
    """Give a delivery up."""
    with opened(data) as (_, archive):
        delivery_list.cancel(archive, number, SYSTEM)
    console.print(f"Delivery {number} is cancelled.", markup=False)


def send(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Study Instance UID.")],
    to: Annotated[str, typer.Argument(metavar="AET", help="A registered machine.")],
    data: Data = None,
) -> None:
    """Put a study in the queue of a machine."""
    with opened(data) as (_, archive):
        number = routing.send(archive, study, to, SYSTEM)
    console.print(f"Delivery {number} is due now.", markup=False)


def commit(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Study Instance UID.")],
    peer: Peer,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the answer.")] = 60.0,
    data: Data = None,
) -> None:
    """Ask a machine whether it keeps a study safely (storage commitment); exit code 2 if not all of it is.

    The answer may come on the same association or later to our node, which has to run for that.
    """
    destination = called(peer, data)
    with opened(data) as (settings, archive):
        instances = asked_commitment.instances_of(archive, study)
        if not instances:
            raise fail("There is no such study.")
        uid = str(generate_uid(prefix=None))
        asked_commitment.ask(archive, uid, destination.ae_title, instances)
        deadline = time.monotonic() + wait
        request_commitment(destination, uid, instances, settings, archive=archive, stay_s=wait)
        while not (found := asked_commitment.answered(archive, uid)).done and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
    if not found.done:
        raise fail(f"{destination} has not answered within {wait:g} s; ask again later.")
    console.print(f"{len(found.committed)} committed, {len(found.failed)} not.", markup=False, highlight=False)
    for sop_instance_uid, reason in found.failed:
        console.print(f"  {sop_instance_uid}: reason {reason:04X}", markup=False, highlight=False)
    if found.failed:
        raise typer.Exit(2)


def _switch(number: int, data: Any, *, on: bool) -> None:
    with opened(data) as (_, archive):
        known = next((one for one in route.listed(archive, SYSTEM) if one.id == number), None)
        if known is None:
            raise fail(f"There is no rule {number}.")
        values = {name: getattr(known, name) for name in Rule.__dataclass_fields__}
        route.change(archive, number, Rule(**{**values, "enabled": on}), SYSTEM)
    console.print(f"Rule {number} is {'in force' if on else 'suspended'}.", markup=False)


def _conditions(one: route.Route) -> str:
    told = (
        ("from", " ".join(one.source_ae_titles)),
        ("modality", " ".join(one.modalities)),
        ("description", one.description),
        ("received", one.received_hours),
        ("days", one.received_days),
    )
    return ", ".join(f"{name} {value}" for name, value in told if value) or "everything"


def _queue_row(row: Any) -> list[str]:
    tally = row["instances"]
    sent = f"{tally.get('sent', 0)}/{sum(tally.values())}" if tally else ""
    due = row["next_at"].astimezone().strftime("%H:%M:%S") if row["next_at"] and row["state"] == "waiting" else ""
    state = "sending" if row["is_active"] else row["state"]
    head = [str(row["id"]), row["kind"], row["ae_title"], state, sent, str(row["attempts"] or "")]
    return [*head, due, row["subject"], row["error"]]

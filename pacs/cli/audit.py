"""``pacs audit …``: who did what to whose study, and the proof that nobody changed the answer."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pacs.cli.integrity import SHOWN, UNSOLVED, telling
from pacs.cli.options import Data, console, fail, opened
from storage.access.principal import SYSTEM
from storage.archive import audit_chain, audit_proof
from storage.archive.audit_proof import MEANINGS, Finding, Proof


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="The audit trail: who did what to whose study.", no_args_is_help=True)
    audit.command("verify")(verify)
    audit.command("head")(head)
    app.add_typer(audit, name="audit")


def verify(
    noted: Annotated[
        str,
        typer.Option("--head", metavar="LINE:HASH", help="Hold the trail against a head that `pacs audit head` gave."),
    ] = "",
    report: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report to this file as JSON; -: print it.")
    ] = None,
    data: Data = None,
) -> None:
    """Prove that no line of the audit trail was altered, removed, moved or put in; name the lines otherwise.

    It changes nothing and may run while the archive works. Ends with 0: the trail is whole; 1: it could not be done;
    2: lines are not as they were written.
    """
    with opened(data) as (_, archive), telling() as tell:
        proof = audit_proof.verify(archive, SYSTEM, tell, noted)
    if report is not None:
        text = json.dumps({**vars(proof), "findings": [vars(one) for one in proof.findings]}, indent=2, default=str)
        if report == Path("-"):
            sys.stdout.write(text + "\n")
        else:
            report.write_text(text + "\n", encoding="utf-8")
    if report != Path("-"):
        _tell(proof)
    if proof.count:
        raise typer.Exit(UNSOLVED)


def head(data: Data = None) -> None:
    """Print the last line and its hash, LINE:HASH: kept elsewhere, it proves later that nothing up to it changed."""
    with opened(data) as (_, archive):
        while audit_chain.seal(archive):
            pass
        found = audit_chain.head(archive)
    if found is None:
        raise fail("The audit trail is empty.")
    sys.stdout.write(f"{found[0]}:{found[1]}\n")


def in_words(one: Finding) -> str:
    """A finding as a sentence."""
    if one.kind == "statement":
        return f"{one.name} {MEANINGS[one.kind].removeprefix('is in a statement that ')}"
    lines = f"Line {one.first}" if one.first == one.last else f"Lines {one.first} to {one.last}"
    event = f" (event {one.event})" if one.event is not None else ""
    meaning = MEANINGS[one.kind]
    if one.first != one.last:
        meaning = meaning.replace("was ", "were ", 1) if meaning.startswith("was ") else meaning
    where = f" [{one.name}]" if one.name else ""
    return f"{lines}{event} {meaning}{where}"


def _tell(proof: Proof) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(f"{proof.lines} lines verified, {proof.first} to {proof.last}; {proof.statements} signed statements.")
    if proof.lines:
        say(f"The last line: {proof.last}:{proof.hash}")
    if proof.anchored < proof.last:
        say(f"Lines from {proof.anchored + 1} on are not yet told of outside the database.")
    if proof.unsealed:
        since = f", the oldest of {proof.oldest_unsealed:%Y-%m-%d %H:%M:%S} UTC" if proof.oldest_unsealed else ""
        say(f"{proof.unsealed} events wait for their place in the chain{since}.")
    if not proof.count:
        say("The trail is whole.")
        return
    for one in proof.findings[:SHOWN]:
        say(f"  {in_words(one)}")
    if proof.count > SHOWN:
        say(f"  … and {proof.count - SHOWN} more (see --json).")

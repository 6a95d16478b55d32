"""Write the reference pages that are made from the code: ``python -m docs.generate`` (``make docs``)."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr

from dicom_nodes.settings import NodeSettings
from docs import conformance_dimse
from pacs.cli import app
from pacs.settings import PREFIX, ProcessSettings
from pacs.web.settings import WebSettings
from storage.settings import StorageSettings

DOCS = Path(__file__).resolve().parent
OWNERS = (
    ("Archive", StorageSettings),
    ("DICOM node", NodeSettings),
    ("Web", WebSettings),
    ("Processes", ProcessSettings),
)


def settings_page() -> str:
    """Give docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Read from the environment; options of `pacs up` win. Made from the code by `make docs`.",
    ]
    for title, model in OWNERS:
        lines += ["", f"## {title}", "", "| Variable | Default | What it does |", "| --- | --- | --- |"]
        for name, field in model.model_fields.items():
            lines.append(f"| `{PREFIX}{name.upper()}` | {_default(name, field.default)} | {field.description} |")
    lines += ["", "`DATABASE_URL` and `OBJECT_STORE` are read too where the prefixed names are not set.", ""]
    return "\n".join(lines)


def _default(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return "none"
    if name == "viewer_dir":
        return "`viewer/dist`"
    if value is None or value == "":
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def commands_page() -> str:
    """Give docs/commands.md."""
    lines = ["# Command line", "", "`pacs COMMAND --help` shows the same. Made from the code by `make docs`."]
    for path, command in _commands(typer.main.get_command(app), ["pacs"]):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([*path, *(str(p.metavar or p.name.upper()) for p in arguments)])
        lines += ["", f"## `{usage}`", "", inspect.cleandoc(command.help or "")]
        options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
        if options:
            lines += ["", "| Option | What it does |", "| --- | --- |"]
            lines += [f"| `{', '.join(p.opts)}` | {p.help or ''} |" for p in options]
    return "\n".join([*lines, ""])


def _commands(command: Any, path: list[str]) -> Iterator[tuple[list[str], Any]]:
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, [*path, name])


PAGES = {"settings.md": settings_page, "commands.md": commands_page, "conformance-dimse.md": conformance_dimse.page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

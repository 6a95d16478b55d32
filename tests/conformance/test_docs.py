"""The docs say what the code does."""

import re
from pathlib import Path

import pytest

from dicom_nodes.settings import NodeSettings
from docs.generate import PAGES
from pacs.settings import ProcessSettings, Settings
from pacs.web.settings import WebSettings
from storage.settings import StorageSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "conformance-dimse.md"])
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


def test_every_setting_has_one_owner_and_a_description() -> None:
    names = [
        name for model in (StorageSettings, NodeSettings, WebSettings, ProcessSettings) for name in model.model_fields
    ]
    assert len(names) == len(set(names)), "two packages declare the same setting"
    assert len(names) < 60
    assert all(field.description for field in Settings.model_fields.values())


def test_links_between_pages_hold() -> None:
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_tutorial_names_commands_that_exist() -> None:
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        for group, word in re.findall(
            r"\bpacs (up|serve|migrate|user|token|ae|send|import|verify|rebuild-index|echo|status|doctor)( [a-z]+)?",
            page.read_text(),
        ):
            name = f"pacs {group}{word if group in {'user', 'token', 'ae'} else ''}"
            assert name in commands, f"{page.name}: {name}"

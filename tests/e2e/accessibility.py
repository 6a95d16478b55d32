"""axe-core, the accessibility checker, on a page that is open (WCAG 2.2 A and AA)."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

_AXE = Path(__file__).resolve().parents[2] / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => {
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await axe.run(document, {runOnly: rules});
    return found.violations.map(v => `${v.id}: ${v.help} ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`);
}"""


def violations(page: Page) -> list[str]:
    """What axe finds, one line for each rule."""
    if not _AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in viewer")
    # evaluated by the driver, not loaded by the page, so the page's own policy stays in force
    page.evaluate(_AXE.read_text())
    found: list[Any] = page.evaluate(_RUN)
    return [str(one) for one in found]

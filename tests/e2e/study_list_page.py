"""Page object of the study list."""

import re

from playwright.sync_api import Locator, Page, expect

WITHIN_MS = 60_000
_ANY_NUMBER = re.compile(r"\d")


class StudyListPage:
    """The search box, the filters, the rows and the panel beside them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.search = page.locator(".search-box input")
        self.total = page.locator("[data-total]")
        self.rows = page.locator("[data-study]")
        self.grid = page.get_by_role("grid")
        self.details = page.locator(".details-panel")

    def open(self, query: str = "") -> "StudyListPage":
        """Go to the list and wait for its answer."""
        self.page.goto(f"/{query}")
        expect(self.total).to_have_text(_ANY_NUMBER, timeout=WITHIN_MS)
        return self

    def row(self, study_uid: str) -> Locator:
        """The row of a study."""
        return self.page.locator(f'[data-study="{study_uid}"]')

    def chip(self, name: str) -> Locator:
        """A modality chip."""
        return self.page.locator(".chip", has_text=name)

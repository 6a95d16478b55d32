"""Page object of the administrators' pages."""

from playwright.sync_api import Locator, Page, expect

WITHIN_MS = 60_000


class AdminPage:
    """The status, the quarantine and the discrepancies."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", level=1)
        self.verdict = page.locator(".verdict")
        self.entries = page.locator(".quarantine-row")
        self.differences = page.locator(".comparison tbody tr")
        self.disagreements = page.locator(".disagreement")

    def status(self) -> "AdminPage":
        """Go to the status and wait for its first numbers."""
        self.page.goto("/admin")
        self.page.locator('.status[data-ready="true"]').wait_for(timeout=WITHIN_MS)
        return self

    def quarantine(self) -> "AdminPage":
        """Go to the list of quarantined files."""
        self.page.goto("/admin/quarantine")
        expect(self.heading).to_be_visible(timeout=WITHIN_MS)
        return self

    def discrepancies(self) -> "AdminPage":
        """Go to the discrepancies."""
        self.page.goto("/admin/discrepancies")
        expect(self.heading).to_be_visible(timeout=WITHIN_MS)
        return self

    def part(self, name: str) -> Locator:
        """A row of the status."""
        return self.page.locator(f'.status-row[data-part="{name}"]')

    def expect_level(self, part: str, level: str) -> None:
        """Wait until a row of the status is at a level: good, attention or bad."""
        expect(self.part(part)).to_have_attribute("data-level", level, timeout=WITHIN_MS)

    def kind(self, name: str) -> Locator:
        """The discrepancies of a kind."""
        return self.page.locator(f'.discrepancy-kind[data-kind="{name}"]')

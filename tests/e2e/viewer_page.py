"""Page object of the viewer."""

from playwright.sync_api import Locator, Page, expect

WITHIN_MS = 60_000


class ViewerPage:
    """The cells, the strip of series and the tools."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.series = page.locator("[data-series]")
        self.cells = page.locator("[data-viewport]")
        self.root = page.locator(".viewer-page")

    def open(self, *study_uids: str, tier: str = "lite") -> "ViewerPage":
        """Open studies by their deep link and wait for full quality in the first cell."""
        self.page.goto(f"/viewer?StudyInstanceUIDs={','.join(study_uids)}&tier={tier}")
        return self.wait()

    def wait(self, quality: str = "lossless") -> "ViewerPage":
        """Wait until the first cell shows an image in this quality."""
        self.page.locator(f'[data-viewport="1"][data-state="ready"][data-quality="{quality}"]').wait_for(
            timeout=WITHIN_MS
        )
        return self

    def cell(self, number: int = 1) -> Locator:
        """A cell of the layout, from 1."""
        return self.page.locator(f'[data-viewport="{number}"]')

    def command(self, name: str) -> Locator:
        """The button of a command."""
        return self.page.locator(f'[data-command="{name}"]')

    def press(self, *keys: str) -> None:
        """Keys on the page, as the reader presses them."""
        for key in keys:
            self.page.keyboard.press(key)

    def expect_data(self, name: str, value: str, cell: int = 1) -> None:
        """Wait until a cell says so of itself."""
        expect(self.cell(cell)).to_have_attribute(f"data-{name}", value, timeout=WITHIN_MS)

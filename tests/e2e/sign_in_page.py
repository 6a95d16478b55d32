"""Page object of the sign-in page, and of the dialog that asks again."""

from playwright.sync_api import Locator, Page, expect

WITHIN_MS = 60_000


class SignInPage:
    """Account, password and what the server said to them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.form = page.locator("form.sign-in-form")
        self.account = self.form.locator("input[name=username]")
        self.password = self.form.locator("input[name=password]")
        self.submit = self.form.locator("button[type=submit]")
        self.refusal = self.form.get_by_role("alert")

    def open(self, next_page: str = "") -> "SignInPage":
        """Go to the page as a person does who was not sent there."""
        self.page.goto(f"/sign-in?next={next_page}" if next_page else "/sign-in")
        expect(self.account).to_be_visible(timeout=WITHIN_MS)
        return self

    def try_with(self, account: str, password: str) -> None:
        """Fill in and press Enter."""
        self.account.fill(account)
        self.password.fill(password)
        self.password.press("Enter")

    @property
    def dialog(self) -> Locator:
        """The dialog in front of a page whose session has ended."""
        return self.page.get_by_role("dialog")

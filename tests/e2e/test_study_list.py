"""The study list as a radiologist uses it: filters kept for the person, columns, history, a very long list."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests import instances
from tests.e2e.accessibility import violations
from tests.e2e.study_list_page import WITHIN_MS, StudyListPage
from tests.e2e.viewer_page import ViewerPage
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.browser, pytest.mark.interop]

NewPage = Callable[..., Page]
Send = Callable[[list[Dataset]], None]


def uid_of(datasets: list[Dataset]) -> str:
    return str(datasets[0].StudyInstanceUID)


def of_day(date: str, **attributes: str) -> list[Dataset]:
    made = instances.study(1, patient_name=attributes["patient_name"], patient_id=attributes["patient_id"])
    for ds in made:
        ds.StudyDate = date
        ds.AccessionNumber = attributes.get("accession", "")
    return made


def test_filters_are_saved_for_the_person_and_columns_follow(new_page: NewPage, send: Send) -> None:
    old = of_day("20190102", patient_name="PHAN^BỘ LỌC^CŨ", patient_id="FILTER-1", accession="ACC-OLD")
    new = of_day("20240203", patient_name="PHAN^BỘ LỌC^MỚI", patient_id="FILTER-2", accession="ACC-NEW")
    send(old)
    send(new)
    listing = StudyListPage(new_page(locale="en-GB")).open("?q=loc phan")
    page = listing.page
    expect(listing.rows).to_have_count(2, timeout=WITHIN_MS)

    # Days of one's own and a state, by the keyboard alone.
    listing.grid.focus()
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Filters")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    dialog.locator('[data-day="from"]').fill("2019-01-01")
    dialog.locator('[data-day="to"]').fill("2019-12-31")
    dialog.get_by_label("Not opened by me").check()
    page.keyboard.press("Escape")
    expect(listing.rows).to_have_count(1, timeout=WITHIN_MS)
    expect(listing.row(uid_of(old))).to_have_attribute("data-opened", "false")
    expect(page.get_by_role("list", name="Filters that are set")).to_contain_text("01/01/2019 – 31/12/2019")
    assert "date=20190101-20191231" in page.url

    # Saved under a name, in Vietnamese, and found again in another browser, by whoever signs in there.
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("menuitem", name="Save these filters…").click()
    page.get_by_label("Name").fill("Ca cũ chưa mở")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=WITHIN_MS)  # the server has it
    expect(page.locator(".saved-filters")).to_have_text("Ca cũ chưa mở")

    # Columns, their order, and back.
    listing.grid.focus()
    page.keyboard.press("c")
    columns = page.get_by_role("dialog", name="Columns")
    columns.get_by_label("Accession number", exact=True).check()
    columns.get_by_label("Received", exact=True).uncheck()
    columns.get_by_role("button", name="Move Accession number up").click()
    assert violations(page) == []
    with page.expect_response(lambda answer: answer.url.endswith("/study_columns") and answer.request.method == "PUT"):
        columns.get_by_role("button", name="Move Accession number up").click()
    page.keyboard.press("Escape")
    heads = ["Patient", "Modality", "Study", "Accession number", "Study date", "Images", "Details"]
    expect(page.locator(".grid-head [role=columnheader]")).to_have_text(heads)

    other = StudyListPage(new_page(locale="en-GB", width=1600)).open()
    expect(other.page.locator(".grid-head [role=columnheader]")).to_have_text(heads, timeout=WITHIN_MS)
    other.grid.focus()
    other.page.keyboard.press("s")
    other.page.get_by_role("menuitemradio", name="Ca cũ chưa mở").click()
    expect(other.search).to_have_value("loc phan")
    expect(other.rows).to_have_count(1, timeout=WITHIN_MS)
    expect(other.row(uid_of(old)).locator(".cell-accession")).to_have_text("ACC-OLD")

    # Opened, it is no longer among those not opened.
    with other.page.expect_response(lambda answer: "/opened" in answer.url, timeout=WITHIN_MS):
        other.row(uid_of(old)).click()
    other.page.go_back()
    expect(other.page.get_by_text("No study matches.")).to_be_visible(timeout=WITHIN_MS)
    other.page.get_by_role("button", name="Clear search and filters").click()
    expect(other.rows.first).to_be_visible(timeout=WITHIN_MS)

    # Renamed and deleted; the columns as at first.
    other.grid.focus()
    other.page.keyboard.press("s")
    other.page.get_by_role("menuitem", name="Rename or delete…").click()
    field = other.page.get_by_label("Name of Ca cũ chưa mở")
    field.fill("Ca cũ")
    field.press("Tab")
    other.page.get_by_role("button", name="Delete Ca cũ").click()
    expect(other.page.get_by_text("None saved yet.").last).to_be_visible()
    other.page.keyboard.press("Escape")
    other.page.keyboard.press("c")
    other.page.get_by_role("button", name="As at first").click()
    expect(other.page.get_by_role("button", name="Received", exact=True)).to_be_visible()


def test_history_beside_the_study_and_the_next_of_the_list(new_page: NewPage, send: Send) -> None:
    now = of_day("20260301", patient_name="ĐINH^LỊCH SỬ", patient_id="HISTORY-1")
    prior = of_day("20230301", patient_name="DINH LICH SU", patient_id="HISTORY-1")
    doubtful = of_day("20200301", patient_name="NGÔ^NGƯỜI KHÁC", patient_id="HISTORY-1")
    for study in (doubtful, prior, now):
        send(study)
    listing = StudyListPage(new_page()).open("?q=HISTORY-1")
    page = listing.page
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    expect(listing.row(uid_of(now))).to_have_attribute("aria-selected", "true", timeout=WITHIN_MS)
    history = listing.details.locator("[data-history]")
    expect(history).to_have_count(2, timeout=WITHIN_MS)
    expect(history.first).to_have_attribute("data-history", uid_of(prior))
    expect(history.first).to_have_attribute("data-doubtful", "false")
    expect(history.nth(1)).to_contain_text("họ tên khác: NGÔ NGƯỜI KHÁC")
    assert violations(page) == []
    page.keyboard.press("ArrowRight")
    expect(history.first.get_by_role("link").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(history.nth(1).get_by_role("link").first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(listing.grid).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Phím tắt của danh sách")).to_contain_text("Vào lịch sử chụp")
    assert violations(page) == []
    page.keyboard.press("Escape")

    # Open, go on with the keys, and no further than the list.
    listing.grid.focus()
    first_frame = f"{uid_of(prior)}/series/{prior[0].SeriesInstanceUID}/instances/{prior[0].SOPInstanceUID}/frames/1"
    with page.expect_response(lambda answer: answer.url.endswith(first_frame), timeout=WITHIN_MS):
        page.keyboard.press("Enter")  # the next study is fetched before it is asked for
    viewer = ViewerPage(page).wait()
    place = page.locator(".list-place")
    expect(place).to_contain_text("1/3")
    viewer.press("]")
    expect(place).to_contain_text("2/3")
    viewer.wait()
    assert uid_of(prior) in page.url
    page.get_by_role("button", name="Ca sau").click()
    expect(place).to_contain_text("3/3")
    expect(page.get_by_role("heading", level=1)).to_have_text("NGÔ NGƯỜI KHÁC", timeout=WITHIN_MS)
    expect(page.get_by_role("button", name="Ca sau")).to_be_disabled()
    viewer.press("[", "[")
    expect(place).to_contain_text("1/3")
    expect(page.get_by_role("heading", level=1)).to_have_text("ĐINH LỊCH SỬ", timeout=WITHIN_MS)

    page.goto("/nowhere/at/all")
    expect(page.get_by_role("heading", level=1)).to_have_text("Không có trang này", timeout=WITHIN_MS)
    assert violations(page) == []


def study_of_a_long_list(number: int, at: datetime) -> dict[str, object]:
    """A row of the list as the server gives it."""
    moment = (at - timedelta(minutes=number)).isoformat()
    return {
        "study_instance_uid": f"1.2.3.{number}", "patient_name": f"BỆNH NHÂN^SỐ {number}", "patient_id": f"ID-{number}",
        "issuer_of_patient_id": "", "patient_birth_date": "19800102", "patient_sex": "F", "study_date": "20260301",
        "study_time": "101500", "accession_number": "", "study_description": "CT", "referring_physician_name": "",
        "modalities": ["CT"], "number_of_series": 1, "number_of_instances": 10, "facility": {"code": "X", "name": ""},
        "received_at": moment, "updated_at": moment, "arriving": False,
    }  # fmt: skip


def test_a_hundred_thousand_studies_are_scrolled_to_the_end(new_page: NewPage, reading_pacs: Filmless) -> None:
    """The answers of a server with so many, so that the page alone is tried."""
    total, at, asked = 100_000, datetime.now(UTC), []
    page = new_page(locale="en-GB")

    def answer(route: object) -> None:
        url = route.request.url  # type: ignore[attr-defined]
        if "/count" in url:
            route.fulfill(json={"total": total})  # type: ignore[attr-defined]
            return
        offset, limit = (int(re.findall(rf"{name}=(\d+)", url)[0]) for name in ("offset", "limit"))
        asked.append(offset)
        studies = [study_of_a_long_list(number, at) for number in range(offset, min(total, offset + limit))]
        route.fulfill(  # type: ignore[attr-defined]
            json={"total": 2001, "total_is_exact": False, "studies": studies, "opened": []}
        )

    page.route(re.compile(r"/api/studies(/count)?\?"), answer)
    listing = StudyListPage(page).open()
    expect(listing.total).to_have_text("100,000 studies", timeout=WITHIN_MS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    last = listing.row(f"1.2.3.{total - 1}")
    expect(last).to_have_attribute("aria-selected", "true", timeout=WITHIN_MS)
    expect(last).to_be_in_viewport()
    page.keyboard.press("PageUp")
    expect(listing.row(f"1.2.3.{total - 11}")).to_have_attribute("aria-selected", "true", timeout=WITHIN_MS)
    listing.grid.evaluate("(grid) => { grid.scrollTop = grid.scrollHeight / 2 }")
    middle = page.locator(".grid-space [data-study]").first
    expect(middle).to_have_attribute("data-study", re.compile(r"1\.2\.3\.(49|50)\d{3}"), timeout=WITHIN_MS)
    page.keyboard.press("Home")
    expect(listing.row("1.2.3.0")).to_have_attribute("aria-selected", "true")
    assert page.locator(".grid-space .study-row").count() < 60, "only rows in sight are in the page"
    assert len(asked) < 12, "places that were passed are not asked for"
    assert max(asked) >= total - 200

"""Facilities: their number is checked, their line ends, and one that owns something stays."""

import pytest

from storage.access import audit, facilities
from storage.access.principal import Principal, Role
from storage.archive import peer
from storage.errors import Forbidden, InvalidRequest
from storage.index.engine import Index

READER = Principal("user", "reader", frozenset({Role.RADIOLOGIST}), None)


@pytest.mark.parametrize(
    ("number", "right"), [("8936012340006", True), ("8936012340009", False), ("893601234000", False), ("8" * 14, False)]
)
def test_the_check_digit_of_a_location_number(number: str, right: bool) -> None:
    assert facilities.is_gln(number) is right


def test_a_facility_has_number_tier_and_parent(index: Index) -> None:
    made = facilities.put(index, "01234", "Trạm y tế A", gln="8936012340006", tier="initial", parent_code="01001")
    above = facilities.find(index, "01001")
    assert above is not None
    assert (made.gln, made.tier, made.parent_id) == ("8936012340006", "initial", above.id)
    with index.read() as connection:
        (event,) = audit.events(connection)
    assert event.detail == '{"facility": "01234", "act": "put"}'


def test_no_facility_is_above_itself(index: Index) -> None:
    facilities.put(index, "A", "A", parent_code="01001")
    facilities.put(index, "B", "B", parent_code="A")
    for parent in ("B", "A", "01001"):
        with pytest.raises(InvalidRequest, match="above itself"):
            facilities.put(index, "01001", "Bạch Mai", parent_code=parent)


@pytest.mark.parametrize(("gln", "tier", "parent"), [("123", "", ""), ("", "high", ""), ("", "", "unknown")])
def test_what_cannot_be_right_is_refused_and_nothing_is_made(index: Index, gln: str, tier: str, parent: str) -> None:
    with pytest.raises(InvalidRequest):
        facilities.put(index, "NEW", "New", gln=gln, tier=tier, parent_code=parent)
    assert facilities.find(index, "NEW") is None


def test_only_an_administrator_changes_facilities(index: Index) -> None:
    with pytest.raises(Forbidden):
        facilities.put(index, "NEW", "New", by=READER)
    with pytest.raises(Forbidden):
        facilities.remove(index, "79001", by=READER)


def test_a_facility_to_which_something_belongs_stays(index: Index) -> None:
    facilities.put(index, "A", "A", parent_code="01001")
    with pytest.raises(InvalidRequest, match="belong"):
        facilities.remove(index, "01001")
    facilities.remove(index, "A")
    facilities.remove(index, "01001")
    assert [one.code for one in facilities.everything(index)] == ["79001"]


def test_kinds_of_peers_are_those_of_the_table() -> None:
    assert set(peer.KINDS) == set(peer.SIGN_INS)

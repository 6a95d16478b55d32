"""Machines of the DICOM network and the facilities they belong to."""

import threading

import pytest

from storage.access import ae, facilities
from storage.access.ae_policy import Policy
from storage.access.principal import Action
from storage.errors import InvalidRequest
from storage.index.engine import Index


def test_known_machine_is_found_at_its_own_address_alone(index: Index) -> None:
    added = ae.add(index, "CT1", "10.0.0.5", 104, facility_code="01001")
    assert ae.find(index, "CT1", "10.0.0.5") == added
    assert ae.find(index, " CT1 ", "::ffff:10.0.0.5") == added
    assert ae.find(index, "CT1", "10.0.0.6") is None
    assert ae.find(index, "CT2", "10.0.0.5") is None
    assert ae.find(index, "ct1", "10.0.0.5") is None
    assert ae.find(index, "CT1", "not an address") is None


def test_machine_known_by_name_is_found_at_the_addresses_of_that_name(index: Index) -> None:
    ae.add(index, "LOCAL", "localhost", 11112, facility_code="01001")
    assert ae.find(index, "LOCAL", "127.0.0.1") is not None
    assert ae.find(index, "LOCAL", "10.0.0.5") is None


def test_machine_acts_for_its_own_facility_with_its_own_rights(index: Index) -> None:
    machine = ae.add(
        index, "CT1", "10.0.0.5", 104, facility_code="79001", policy=Policy(may_query=False, may_retrieve=False)
    )
    principal = machine.principal("10.0.0.5")
    assert principal.facilities == frozenset({machine.facility_id})
    assert principal.rights == {
        *(Action.STORE, Action.READ_WORKLIST, Action.REPORT_PROGRESS, Action.COMMIT, Action.PRINT)
    }
    assert (principal.kind, principal.name, principal.roles) == ("ae", "CT1", frozenset())


@pytest.mark.parametrize("title", ["", " ", "SEVENTEEN_LETTERS", "A\\B", "MÁY1", "A\nB"])
def test_titles_the_standard_does_not_allow_are_refused(index: Index, title: str) -> None:
    with pytest.raises(InvalidRequest):
        ae.add(index, title, "10.0.0.5", 104, facility_code="01001")


def test_bad_host_port_facility_and_a_taken_title_are_refused(index: Index) -> None:
    ae.add(index, "CT1", "10.0.0.5", 104, facility_code="01001")
    for title, host, port, code in [
        ("CT2", "", 104, "01001"),
        ("CT2", "a b", 104, "01001"),
        ("CT2", "10.0.0.5", 0, "01001"),
        ("CT2", "10.0.0.5", 65536, "01001"),
        ("CT2", "10.0.0.5", 104, "404"),
        ("CT1", "10.0.0.6", 104, "01001"),
    ]:
        with pytest.raises(InvalidRequest):
            ae.add(index, title, host, port, facility_code=code)
    assert [each.ae_title for each in ae.everything(index)] == ["CT1"]


def test_removed_machine_is_unknown(index: Index) -> None:
    ae.add(index, "CT1", "10.0.0.5", 104, facility_code="01001")
    ae.remove(index, "CT1")
    assert ae.by_title(index, "CT1") is None
    with pytest.raises(InvalidRequest):
        ae.remove(index, "CT1")


def test_facility_is_made_once_however_many_ask(index: Index) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(facilities.get_or_create(index, "48001").id)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert facilities.get_or_create(index, "48001", "Bệnh viện Đà Nẵng").name == "Bệnh viện Đà Nẵng"
    assert facilities.get_or_create(index, "48001").name == "Bệnh viện Đà Nẵng"
    assert [each.code for each in facilities.everything(index)] == ["01001", "48001", "79001"]


@pytest.mark.parametrize("code", ["", "a b", "x" * 65, "../x", "é"])
def test_codes_that_cannot_be_codes_are_refused(index: Index, code: str) -> None:
    with pytest.raises(InvalidRequest):
        facilities.get_or_create(index, code)

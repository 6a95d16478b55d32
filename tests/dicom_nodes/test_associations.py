"""Whose association is accepted, and as whom it acts."""

import pytest
from structlog.testing import capture_logs

from dicom_nodes.scp.associations import (
    ADDRESS_UNKNOWN,
    CALLED_AE_UNKNOWN,
    CALLING_AE_UNKNOWN,
    AcceptancePolicy,
    Call,
    Caller,
    is_loopback,
)
from dicom_nodes.settings import NodeSettings
from storage.access import ae, facilities
from storage.access.ae_policy import Policy
from storage.access.principal import Action
from storage.archive import Archive


def policy(archive: Archive, **settings: object) -> AcceptancePolicy:
    return AcceptancePolicy(archive, NodeSettings.model_validate({"aet": "FILMLESS"} | settings))


def test_a_registered_ae_acts_for_its_facility_with_its_rights(archive: Archive) -> None:
    district = facilities.get_or_create(archive.index, "D1")
    ae.add(
        archive.index, "CT1", "10.1.2.3", 104, facility_code="D1", policy=Policy(may_query=False, may_retrieve=False)
    )
    caller = policy(archive).admit(Call("FILMLESS", "CT1", "10.1.2.3"))
    assert isinstance(caller, Caller)
    assert caller.facility_id == district.id
    assert caller.principal.kind == "ae"
    assert not caller.principal.rights & {Action.SEARCH, Action.VIEW, Action.EXPORT}
    assert caller.entity.is_registered
    assert caller.principal.facilities == frozenset({district.id})


def test_a_known_title_from_another_address_is_refused_and_the_log_says_what_to_do(archive: Archive) -> None:
    facilities.get_or_create(archive.index, "D1")
    ae.add(archive.index, "CT1", "10.1.2.3", 104, facility_code="D1")
    with capture_logs() as logs:
        assert policy(archive).admit(Call("FILMLESS", "CT1", "10.1.2.4")) == ADDRESS_UNKNOWN
    assert (ADDRESS_UNKNOWN.result, ADDRESS_UNKNOWN.source, ADDRESS_UNKNOWN.reason) == (1, 1, 3)
    assert "pacs ae add CT1@10.1.2.4:104" in logs[0]["event"]


def test_another_called_title_is_refused_unless_the_setting_says_otherwise(archive: Archive) -> None:
    assert policy(archive).admit(Call("OTHER", "CT1", "127.0.0.1")) == CALLED_AE_UNKNOWN
    assert (CALLED_AE_UNKNOWN.result, CALLED_AE_UNKNOWN.source, CALLED_AE_UNKNOWN.reason) == (1, 1, 7)
    assert isinstance(policy(archive, require_called_aet=False).admit(Call("OTHER", "CT1", "127.0.0.1")), Caller)


def test_this_machine_itself_is_trusted_by_setting(archive: Archive) -> None:
    caller = policy(archive).admit(Call("FILMLESS", "ANYONE", "127.0.0.1"))
    assert isinstance(caller, Caller)
    assert caller.principal.rights == Policy().rights
    assert not caller.entity.is_registered
    assert policy(archive, trust_loopback=False).admit(Call("FILMLESS", "ANYONE", "127.0.0.1")) == CALLING_AE_UNKNOWN


def test_titles_cannot_break_the_log(archive: Archive) -> None:
    with capture_logs() as logs:
        policy(archive).admit(Call("FILMLESS", "\n\x1b[2Jđ", "10.0.0.1"))
    assert logs[0]["calling_ae_title"].isprintable()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("x", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected

"""People of a linked site, between two real web processes: what lets them in, and what is refused on both sides."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from storage.access import site_key
from storage.settings import StorageSettings
from tests.pacs.federation.linked import PDF, Linked, events


def missing(answer: httpx.Response) -> str:
    """The word for what is missing."""
    assert answer.status_code == 403, answer.text
    assert len(answer.json()["detail"]) > 20
    return str(answer.json()["missing"])


def test_without_a_grant_a_study_is_refused_and_with_one_it_is_seen(
    sites: Linked, keeper: httpx.Client, doctor: httpx.Client
) -> None:
    study = sites.study(keeper)
    assert missing(sites.ask(doctor, study)) == "grant"
    for server in (sites.origin, sites.asking):
        (refused,) = events(server, "visit", outcome="refused", study=study)
        assert json.loads(refused.detail)["missing"] == "grant"
    assert events(sites.origin, "visit", study=study)[0].actor.endswith(" @ Trung tâm y tế Quảng Trị")

    given = sites.grant(keeper, study_instance_uid=study)
    assert given.status_code == 201, given.text
    assert sites.ask(doctor, study).status_code == 204
    for server in (sites.origin, sites.asking):
        assert events(server, "visit", outcome="success", study=study)
    (seen,) = events(sites.origin, "view", study=study)
    assert json.loads(seen.detail) == {"site": sites.asking_id, "purpose": "TREAT"}
    paper = keeper.get(f"/api/grants/{given.json()['id']}/paper")
    assert (paper.content, paper.headers["content-type"]) == (PDF, "application/pdf")


def test_a_revoked_grant_closes_at_once(sites: Linked, keeper: httpx.Client, doctor: httpx.Client) -> None:
    study = sites.study(keeper)
    given = sites.grant(keeper, study_instance_uid=study).json()
    with sites.visitor(study) as visitor:
        address = f"/dicom-web/studies/{study}/metadata"
        assert visitor.get(address).status_code == 200
        assert keeper.post(f"/api/grants/{given['id']}/revoke", json={"reason": "withdrawn"}).status_code == 204
        assert missing(visitor.get(address)) == "revoked"
    assert missing(sites.ask(doctor, study)) == "revoked"
    assert events(sites.origin, "view", outcome="refused", study=study)
    assert json.loads(events(sites.asking, "visit", study=study)[0].detail)["missing"] == "revoked"
    assert keeper.post(f"/api/grants/{given['id']}/revoke", json={"reason": "again"}).status_code == 409


def test_what_a_session_does_not_open(sites: Linked, keeper: httpx.Client) -> None:
    study, other = sites.study(keeper), sites.study(keeper, patient_id="another")
    sites.grant(keeper, study_instance_uid=study, may_copy=False)
    sites.grant(keeper, study_instance_uid=other)
    with sites.visitor(study) as visitor:
        for strange in (other, "1.2.3.4.5"):  # whether it is here or not
            assert missing(visitor.get(f"/dicom-web/studies/{strange}/metadata")) == "study"
        assert events(sites.origin, "view", outcome="refused", study=other)
        assert missing(visitor.get(f"/dicom-web/studies/{study}")) == "copy"
        for address in (
            "/dicom-web/studies",
            f"/api/studies/{study}/manifest",
            "/api/studies",
            "/api/sites",
            "/api/grants",
        ):
            assert visitor.get(address).status_code == 403, address
        assert visitor.post("/dicom-web/studies", content=b"").status_code == 403
        assert visitor.delete(f"/dicom-web/studies/{study}").status_code == 403


def test_tokens_that_are_forged_old_replayed_or_meant_for_others(
    sites: Linked, keeper: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = sites.study(keeper)
    sites.grant(keeper, study_instance_uid=study)
    stranger = site_key.load(StorageSettings.model_validate({"data_dir": tmp_path_factory.mktemp("stranger")}))
    good = sites.token(study)
    head, _, signature = good.split(".")
    other_claims = sites.token(study, sub="admin").split(".")[1]
    wrong = {
        sites.token(study, key=stranger): "link",
        f"{head}.{other_claims}.{signature}": "token",
        "nothing": "token",
        sites.token(study, age_s=600): "expired",
        sites.token(study, age_s=-600): "clock",
        sites.token(study, aud=stranger.site_id): "audience",
        sites.token("1.2.3.4.5.6"): "grant",
        sites.token(study, purpose="PATRQT"): "purpose",
        sites.token(study, purpose="anything"): "token",
        sites.token(study, role="king"): "token",
    }
    for token, word in wrong.items():
        before = len(events(sites.origin, "visit", outcome="refused"))
        assert missing(sites.exchange(token)) == word
        refused = events(sites.origin, "visit", outcome="refused")
        assert len(refused) == before + 1
        assert json.loads(refused[0].detail)["missing"] == word
    assert sites.exchange(good).status_code == 201
    assert missing(sites.exchange(good)) == "replayed"


def test_a_grant_needs_its_basis_and_a_time_to_end(sites: Linked, keeper: httpx.Client) -> None:
    study = sites.study(keeper)
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for wrong in (
        {"paper": None},
        {"paper": {"name": "a.exe", "content": "TVo="}},
        {"paper": {"name": "a.pdf", "content": "not base64!"}},
        {"basis": "law", "paper": None},
        {"basis": "friendship"},
        {"purpose": "ETREAT"},
        {"scope": "everything"},
        {"valid_until": past},
        {"valid_until": "2030-01-01T00:00:00"},
        {"unknown": 1},
    ):
        refused = sites.grant(keeper, **({"study_instance_uid": study} | wrong))
        assert refused.status_code == 400, wrong
        assert refused.json()["detail"]
    assert sites.grant(keeper, study_instance_uid="1.2.3").status_code == 404
    assert sites.grant(keeper, study_instance_uid=study, site_id="a" * 32).status_code == 404
    by_law = sites.grant(keeper, study_instance_uid=study, basis="law", note="Luật 91/2025, điều 26", paper=None)
    assert by_law.status_code == 201


def test_emergency_access_has_a_reason_a_short_life_and_a_review(
    sites: Linked, keeper: httpx.Client, doctor: httpx.Client
) -> None:
    study = sites.study(keeper)
    assert missing(sites.ask(doctor, study, purpose="ETREAT")) == "reason"
    reason = "hôn mê sau tai nạn, cần CT cũ"
    assert sites.ask(doctor, study, purpose="ETREAT", reason=reason).status_code == 204
    (opened,) = keeper.get("/api/grants?kind=emergency&state=unreviewed").json()["grants"]
    assert (opened["note"], opened["open"], opened["may_copy"]) == (reason, True, False)
    assert datetime.fromisoformat(opened["valid_until"]) < datetime.now(UTC) + timedelta(hours=5)
    assert missing(sites.ask(doctor, study)) == "purpose"
    (broken,) = events(sites.origin, "break-glass", study=study)
    assert json.loads(broken.detail)["reason"] == reason

    address = f"/api/grants/{opened['id']}/review"
    assert keeper.post(address, json={"verdict": "unjustified", "note": ""}).status_code == 400
    assert keeper.post(address, json={"verdict": "unjustified", "note": "no emergency"}).status_code == 204
    assert keeper.post(address, json={"verdict": "justified", "note": ""}).status_code == 409
    assert missing(sites.ask(doctor, study, purpose="ETREAT", reason=reason)) == "emergency-closed"


def test_a_search_finds_only_where_the_site_lets_it(sites: Linked, keeper: httpx.Client) -> None:
    study = sites.study(keeper, patient_id="SEARCHED")
    with sites.visitor("") as visitor:
        address = "/dicom-web/studies?PatientID=SEARCHED"
        assert [one["0020000D"]["Value"] for one in visitor.get(address).json()] == [[study]]
        assert visitor.get(f"/dicom-web/studies/{study}/metadata").status_code == 403
        assert visitor.get("/dicom-web/workitems").status_code == 403
        closed = {"may_search": False, "may_break_glass": True}
        assert keeper.put(f"/api/sites/{sites.asking_id}", json=closed).status_code == 200
        try:
            assert missing(visitor.get(address)) == "search"
            assert missing(sites.exchange(sites.token(""))) == "search"
        finally:
            keeper.put(f"/api/sites/{sites.asking_id}", json=closed | {"may_search": True})

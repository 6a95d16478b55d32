"""A certificate authority of one's own."""

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.access import certificates
from storage.errors import InvalidRequest


def test_certificates_are_of_the_authority_for_both_ways(tmp_path: Path) -> None:
    certificates.make_authority(tmp_path, "Bệnh viện Bạch Mai")
    made = certificates.issue(tmp_path, "CT1", ["10.0.0.5", "ct1.local"], 30)
    for purpose in ("sslserver", "sslclient"):
        command = [
            "openssl",
            "verify",
            "-purpose",
            purpose,
            "-CAfile",
            tmp_path / "authority.crt",
            tmp_path / "CT1.crt",
        ]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert abs(made.not_after - datetime.now(UTC) - timedelta(days=30)) < timedelta(hours=1)
    assert [one.name for one in certificates.everything(tmp_path)] == ["CT1", "authority"]
    assert made in certificates.everything(tmp_path)


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    certificates.make_authority(tmp_path, "BV")
    certificates.issue(tmp_path, "node", [], 30)
    for path in tmp_path.glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_certificate_is_made_anew_and_an_authority_never(tmp_path: Path) -> None:
    certificates.make_authority(tmp_path, "BV")
    first = certificates.issue(tmp_path, "node", [], 30)
    assert certificates.issue(tmp_path, "node", [], 30).sha256 != first.sha256
    with pytest.raises(InvalidRequest, match="already"):
        certificates.make_authority(tmp_path, "BV")


@pytest.mark.parametrize(
    ("name", "hosts", "days"),
    [("", [], 30), ("../x", [], 30), ("authority", [], 30), ("CT1", ["a b"], 30), ("CT1", [], 0), ("CT1", [], 100_000)],
)
def test_what_cannot_be_a_certificate_is_refused(tmp_path: Path, name: str, hosts: list[str], days: int) -> None:
    certificates.make_authority(tmp_path, "BV")
    with pytest.raises(InvalidRequest):
        certificates.issue(tmp_path, name, hosts, days)


def test_without_an_authority_there_are_no_certificates(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="pacs tls authority"):
        certificates.issue(tmp_path, "node", [], 30)

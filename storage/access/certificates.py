"""A certificate authority of one's own, and the certificates of nodes and machines (PS3.15 §B.12, RFC 5280)."""

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage.errors import InvalidRequest

AUTHORITY = "authority"
NODE = "node"
AUTHORITY_DAYS = 20 * 365
MOST_DAYS = 10 * 365
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Clocks of machines are not always right.
_LEEWAY = timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """A certificate of the folder; ``sha256`` is what an AE can be bound to."""

    name: str
    subject: str
    sha256: str
    not_after: datetime


def make_authority(folder: Path, organisation: str) -> Certificate:
    """Make the authority that signs all certificates of this archive: ``authority.crt`` and ``authority.key``.

    Raises:
        InvalidRequest: there is one already, or the name of the organisation cannot be one.
    """
    if not 0 < len(organisation) <= 64 or not organisation.isprintable():
        raise InvalidRequest("The name of the organisation is one line of at most 64 characters.")
    if (folder / f"{AUTHORITY}.key").exists():
        raise InvalidRequest(f"{folder} has an authority already; machines trust it, so it is not made anew.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, "Filmless DICOM authority"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        _builder(subject, subject, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder, AUTHORITY, key, made)
    return _described(AUTHORITY, made)


def issue(folder: Path, name: str, hosts: Sequence[str], days: int) -> Certificate:
    """Make a key and a certificate of the authority: ``NAME.crt``, ``NAME.key``; for a node or a machine, both ways.

    ``hosts``: names and addresses under which it is reached. A certificate of the same name is replaced.

    Raises:
        InvalidRequest: there is no authority, or name, hosts or days cannot be right.
    """
    if not _NAME.fullmatch(name) or name == AUTHORITY:
        raise InvalidRequest("A certificate is named with letters, digits, dots, dashes and underscores.")
    if not 0 < days <= MOST_DAYS:
        raise InvalidRequest(f"A certificate is valid for 1 to {MOST_DAYS} days.")
    authority_key, authority = _authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    both_ways = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = (
        _builder(subject, authority.subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(both_ways, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    made = builder.sign(authority_key, hashes.SHA256())
    _write(folder, name, key, made)
    return _described(name, made)


def everything(folder: Path) -> list[Certificate]:
    """The certificates of the folder, by name; what is none is left out."""
    found = []
    for path in sorted(folder.glob("*.crt")):
        try:
            found.append(_described(path.stem, x509.load_pem_x509_certificate(path.read_bytes())))
        except ValueError:
            continue
    return found


def _authority(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    try:
        key = serialization.load_pem_private_key((folder / f"{AUTHORITY}.key").read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((folder / f"{AUTHORITY}.crt").read_bytes())
    except (OSError, ValueError):
        raise InvalidRequest(f"{folder} has no authority; make it first: pacs tls authority") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidRequest("The key of the authority is not one that was made here.")
    return key, certificate


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LEEWAY)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}", host):
        raise InvalidRequest(f"{host!r} is neither an address nor the name of a host.")
    return x509.DNSName(host)


def _write(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> None:
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.key"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(encoded)
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _described(name: str, certificate: x509.Certificate) -> Certificate:
    encoded = certificate.public_bytes(serialization.Encoding.DER)
    subject = certificate.subject.rfc4514_string()
    return Certificate(name, subject, sha256(encoded).hexdigest(), certificate.not_valid_after_utc)

"""Associations and their security in the DIMSE conformance statement, made from the node's own tables (PS3.2)."""

from collections.abc import Iterable

from dicom_nodes.scp import associations
from dicom_nodes.upper_layer import tls
from storage.access.ae_policy import Policy
from storage.archive.network_finding import Cause

Row = tuple[str, ...]

_WHEN = {
    Cause.CALLED_AE: "The called AE title is not ours (`FILMLESS_REQUIRE_CALLED_AET`).",
    Cause.CALLING_AE: "The calling AE title is not registered.",
    Cause.ADDRESS: "The calling AE title is registered, but for other addresses.",
    Cause.TLS_REQUIRED: "The AE, or every AE (`FILMLESS_REQUIRE_TLS`), must call with TLS, and does not.",
    Cause.CERTIFICATE_WRONG: "The AE is bound to a certificate, and shows another.",
    Cause.USER_MISSING: "The AE must name a user with a passcode, and does not.",
    Cause.USER_REFUSED: "The user it names is unknown or closed, the passcode wrong, or there were too many attempts.",
    Cause.INDEX_AWAY: "The index cannot be reached now.",
    Cause.RATE_OF_AE: "The AE has called as often in a minute as it may.",
    Cause.LIMIT: "The limit of open associations is reached (`FILMLESS_MAXIMUM_ASSOCIATIONS`).",
    Cause.LIMIT_OF_AE: "The AE has as many associations as it may.",
}

_ASSOCIATION_TEXT = """
Presentation contexts: result 3 for a class that is not provided, or that this AE may not send; result 4 without a
common transfer syntax. Every refusal is told to administrators in plain words (DICOM network, modality doctor).

Maximum PDU 128 KB. Asynchronous operations are not negotiated. SCU/SCP role selection is accepted for storage
classes, as C-GET needs it, and for storage commitment. Every process of a node shares the port.
""".splitlines()

_TLS_TEXT = f"""
BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 Annex B.12): TLS 1.2 and 1.3, with ECDHE and
AEAD cipher suites alone. A node that has `{tls.CERTIFICATE}`, `{tls.KEY}` and `{tls.AUTHORITY}` takes TLS on its
DICOM port, and nothing else on `FILMLESS_DICOM_TLS_PORT`, usually 2762. The caller must show a certificate of that
authority (`FILMLESS_REQUIRE_CLIENT_CERTIFICATE`); without one TLS itself refuses it, with alert 116 (TLS 1.3) or 40
(TLS 1.2), and with alert 48 if another authority signed it. As SCU a node shows its certificate and wants one of the
authority; an AE can be bound to one certificate both ways. `pacs tls` makes them.

User identity negotiation (PS3.7 §D.3.3.7): type 2, name and passcode, against the accounts of the archive, where the
AE is registered so; the user's rights and facilities then narrow those of the AE. Other types are passed over. A
positive response is given if asked for.
""".splitlines()

_POLICY_WORDS = {
    "description": "For people.",
    "calls_from": "Addresses and networks it may call from, beside its host.",
    "may_store": "C-STORE.",
    "may_query": "C-FIND of studies.",
    "may_retrieve": "C-MOVE and C-GET.",
    "may_worklist": "C-FIND of the worklist.",
    "may_mpps": "Modality Performed Procedure Step.",
    "may_commit": "Storage commitment.",
    "may_print": "Print management.",
    "may_forward": "Rules may send instances to it.",
    "notify_availability": "It is told of new instances (Instance Availability Notification).",
    "worklist_charset": "`utf-8`, or `ascii` for the worklist without diacritics.",
    "sop_classes": "Storage classes it may send; none: all.",
    "require_tls": "It must call with TLS.",
    "call_with_tls": "It is called with TLS.",
    "certificate_sha256": "SHA-256 of the one certificate it must show; none: any of the authority.",
    "require_user": "It must name a user with a passcode.",
    "maximum_associations": "Most associations at once with a DICOM process; 0: no limit of its own.",
    "associations_per_minute": "Most associations a minute with a DICOM process; 0: no limit.",
}


def rejection_rows() -> Iterable[Row]:
    """Every A-ASSOCIATE-RJ and when it is sent."""
    for one in associations.REJECTIONS:
        yield str(one.result), str(one.source), str(one.reason), _WHEN[one.cause]


def policy_rows() -> Iterable[Row]:
    """What is registered of an AE beside its title, address and facility."""
    for name, field in Policy.__dataclass_fields__.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        yield f"`{name}`", f"`{default}`" if default else "none", _POLICY_WORDS[name]


def sections() -> list[tuple[str, Row, Iterable[Row], list[str]]]:
    """Title, head, rows and the text behind them."""
    return [
        ("Association", ("Result", "Source", "Reason", "When"), rejection_rows(), [*_ASSOCIATION_TEXT]),
        ("Policy of an AE", ("Attribute", "Default", "Meaning"), policy_rows(), ["", "### Security", *_TLS_TEXT]),
    ]

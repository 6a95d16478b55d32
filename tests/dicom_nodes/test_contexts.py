"""Which presentation contexts are accepted, and in which transfer syntax."""

import pytest
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, negotiate_as_acceptor

from dicom_nodes.scp import contexts

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT, JPEG_BASELINE, JPEG_LOSSLESS = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.70",
)


def negotiated(abstract_syntax: str, *transfer_syntaxes: str) -> tuple[int, str]:
    proposal = PresentationContext()
    proposal.context_id = 1
    proposal.abstract_syntax = abstract_syntax
    proposal.transfer_syntax = list(transfer_syntaxes)
    results, _ = negotiate_as_acceptor([proposal], contexts.supported([proposal], {}, "accept"))
    return int(results[0].result or 0), str(results[0].transfer_syntax[0])


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((IMPLICIT, EXPLICIT), EXPLICIT),
        ((JPEG_LOSSLESS, IMPLICIT), JPEG_LOSSLESS),
        ((JPEG_BASELINE, IMPLICIT), IMPLICIT),
        ((JPEG_BASELINE,), JPEG_BASELINE),
        (("1.2.840.10008.1.2.4.201",), "1.2.840.10008.1.2.4.201"),
        (("1.2.840.10008.1.2.4.110",), "1.2.840.10008.1.2.4.110"),
        (("1.2.840.10008.1.2.4.105",), "1.2.840.10008.1.2.4.105"),
    ],
)
def test_the_choice_never_leads_a_sender_to_lossy_compression(offered: tuple[str, ...], chosen: str) -> None:
    assert negotiated(CT, *offered) == (0, chosen)


def test_a_private_transfer_syntax_is_refused_for_its_context_only() -> None:
    assert negotiated(CT, "1.2.840.113619.5.2")[0] == 4
    assert negotiated(CT, "1.2.840.113619.5.2", IMPLICIT) == (0, IMPLICIT)


def test_every_storage_class_of_the_standard_is_accepted() -> None:
    refused = [
        str(context.abstract_syntax)
        for context in AllStoragePresentationContexts
        if not contexts.is_storage(str(context.abstract_syntax), "refuse")
    ]
    assert refused == []
    # retired ones are still sent
    assert contexts.is_storage("1.2.840.10008.5.1.4.1.1.6", "refuse")


@pytest.mark.parametrize(
    "service",
    [
        "1.2.840.10008.5.1.4.31",  # Modality Worklist
        "1.2.840.10008.1.20.1",  # Storage Commitment
        "1.2.840.10008.5.1.1.9",  # Basic Grayscale Print
        "1.2.840.10008.3.1.2.3.3",  # MPPS
        "1.2.840.10008.1.3.10",  # Media Storage Directory
        EXPLICIT,  # no SOP class at all
    ],
)
def test_what_does_not_store_is_never_taken_for_storage(service: str) -> None:
    assert not contexts.is_storage(service, "accept")


def test_private_classes_go_by_the_policy() -> None:
    assert contexts.is_storage("1.3.12.2.1107.5.9.1", "accept")
    assert not contexts.is_storage("1.3.12.2.1107.5.9.1", "refuse")
    assert not contexts.is_storage("not a UID", "accept")

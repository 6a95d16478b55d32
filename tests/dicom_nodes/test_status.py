"""Every refusal of the archive has its DIMSE status."""

import pytest
from structlog.testing import capture_logs

from dicom_nodes.status import Code, of_query, of_store
from storage import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.OutOfResources("full"), 0xA700),
        (errors.StoreUnavailable("index away"), 0xA700),
        (errors.TooLarge("large"), 0xA700),
        (errors.InconsistentInstance("other class"), 0xA900),
        (errors.InvalidInstance("truncated"), 0xC000),
        (errors.UnsupportedInstance("private"), 0x0122),
        (errors.DuplicateConflict("other content"), 0x0111),
        (errors.Forbidden("no"), 0x0124),
    ],
)
def test_store(error: Exception, code: int) -> None:
    assert of_store(error).code == code
    assert of_store(error).comment == str(error)


def test_query() -> None:
    assert of_query(errors.InvalidQuery("no level")).code == Code.DATA_SET_DOES_NOT_MATCH
    assert of_query(errors.Forbidden("no")).code == Code.NOT_AUTHORISED
    assert of_query(errors.StoreUnavailable("away")).code == Code.OUT_OF_RESOURCES


def test_an_unknown_error_is_0110_with_an_id_that_the_log_has_and_without_its_text() -> None:
    with capture_logs() as logs:
        status = of_store(ValueError("NGUYEN VAN DUC"))
    assert status.code == 0x0110
    assert len(status.comment) <= 64
    (entry,) = logs
    assert entry["error_id"] in status.comment
    assert "NGUYEN" not in repr(entry)


def test_a_long_reason_is_cut_between_words() -> None:
    comment = of_store(errors.InvalidInstance("word " * 30)).comment
    assert len(comment) <= 64
    assert comment.endswith("word ...")

"""The truth cases themselves: unique, ready to save, and decoded by an outside reader to what they claim."""

from pathlib import Path

import pydicom
import pytest

from tests.truth.cases import Case, block_middles, cases


def test_names_are_unique_and_uids_belong_to_one_data_set() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names))
    by_uid = {case.dataset.SOPInstanceUID: id(case.dataset) for case in cases()}
    assert len(by_uid) == len(set(by_uid.values()))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case_saves_and_its_expectation_is_made_of_flat_blocks(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "case.dcm"
    case.dataset.save_as(path, enforce_file_format=True)
    again = pydicom.dcmread(path)
    assert again.SOPInstanceUID == case.dataset.SOPInstanceUID
    assert case.expected.shape[:2] == (again.Rows, again.Columns)
    middles = block_middles(case.expected)
    assert (middles.repeat(32, 0).repeat(32, 1) == case.expected).all()
    assert int(middles.max()) - int(middles.min()) > 200

"""Command sets: what we write is what pydicom reads, and broken ones are refused."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filereader import read_dataset

from dicom_nodes.command import Command, CommandField, MalformedCommand, SubOperations, response, store_request


def test_an_answer_is_read_by_pydicom_as_it_was_meant() -> None:
    encoded = response(
        CommandField.C_STORE_RSP,
        message_id=7,
        status=0xA700,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid="1.2.3",
        error_comment="The disk is full",
    )
    command = read_dataset(io.BytesIO(encoded), True, True)
    assert command.CommandField == 0x8001
    assert command.MessageIDBeingRespondedTo == 7
    assert command.Status == 0xA700
    assert command.AffectedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert command.AffectedSOPInstanceUID == "1.2.3"
    assert command.ErrorComment == "The disk is full"
    assert command.CommandDataSetType == 0x0101
    assert command.CommandGroupLength == len(encoded) - 12


def test_error_comments_fit_their_vr() -> None:
    command = Command(response(0x8020, message_id=1, status=0xC000, error_comment="đ\\" + "x" * 100))
    assert command.text(0x0902) == "?/" + "x" * 62


def test_remaining_is_only_told_while_something_may_remain() -> None:
    counts = SubOperations(remaining=3, completed=2, failed=1)
    pending = Command(response(CommandField.C_MOVE_RSP, message_id=1, status=0xFF00, sub_operations=counts))
    final = Command(response(CommandField.C_MOVE_RSP, message_id=1, status=0xB000, sub_operations=counts))
    assert (pending.number(0x1020), pending.number(0x1021), pending.number(0x1022)) == (3, 2, 1)
    assert 0x1020 not in final.elements


def test_a_store_request_names_who_asked_for_the_move() -> None:
    command = Command(
        store_request(message_id=9, sop_class_uid="1.2", sop_instance_uid="1.2.3", move_originator=("ASKER", 4))
    )
    assert (command.field, command.has_data_set) == (CommandField.C_STORE_RQ, True)
    assert (command.text(0x1030), command.number(0x1031)) == ("ASKER", 4)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(noise: bytes) -> None:
    try:
        command = Command(noise)
        command.text(0x0002)
        command.number(0x0100)
    except MalformedCommand:
        return
    assert len(command.elements[0x0100]) == 2


def test_a_length_beyond_the_end_is_refused() -> None:
    encoded = bytearray(response(CommandField.C_ECHO_RSP, message_id=1, status=0))
    encoded[4] = 0xFF
    with pytest.raises(MalformedCommand):
        Command(encoded[:-1])

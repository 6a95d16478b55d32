"""Orders of a day in a hospital, for tests of the worklist: Vietnamese patients, four machines, three days."""

from typing import Any

from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.order import create
from storage.archive.order_row import Order

# Procedure ID, name, patient ID, birth date, sex, accession, modality, stations, day, time, description, priority, code
_ROWS: tuple[tuple[Any, ...], ...] = (
    ("RP01", "NGUYỄN^VĂN^ĐỨC", "079201000001", "19700101", "M", "A001", "CT", ["CT1"], "20251122", "0730",
     "CT sọ não không tiêm", "ROUTINE", ("77477000", "SCT", "CT đầu")),
    ("RP02", "TRẦN^THỊ^BÌNH", "079301000002", "19851230", "F", "A002", "CT", ["CT1", "CT2"], "20251122", "0815",
     "CT ngực có tiêm", "STAT", ("169069000", "SCT", "CT ngực")),
    ("RP03", "LÊ^HOÀNG^ANH", "079201000003", "19991109", "M", "A003", "MR", ["MR1"], "20251122", "0900",
     "MR khớp gối phải", "ROUTINE", ("241646009", "SCT", "MR gối")),
    ("RP04", "PHẠM^THỊ^HỒNG^NHUNG", "001185000004", "19610405", "F", "A004", "CR", [], "20251122", "0930",
     "X quang ngực thẳng", "ROUTINE", None),
    ("RP05", "NGUYỄN^THỊ^ĐÀO", "001185000005", "19720606", "F", "A005", "CT", ["CT2"], "20251122", "1000",
     "CT bụng", "HIGH", None),
    ("RP06", "ĐẶNG^QUỐC^KHÁNH", "001085000006", "20010203", "M", "A006", "US", ["US1"], "20251122", "1330",
     "Siêu âm bụng tổng quát", "ROUTINE", None),
    ("RP07", "VÕ^MINH^TÂM", "079085000007", "19480815", "M", "A007", "CT", ["CT1"], "20251122", "1645",
     "CT sọ não không tiêm", "ROUTINE", ("77477000", "SCT", "CT đầu")),
    ("RP08", "NGUYỄN^VĂN^ĐỨC", "079201000008", "19930707", "M", "A008", "MR", ["MR1"], "20251123", "0730",
     "MR sọ não", "ROUTINE", None),
    ("RP09", "BÙI^THỊ^XUÂN", "052185000009", "19900101", "F", "A009", "CR", [], "20251123", "0800",
     "X quang cột sống thắt lưng", "ROUTINE", None),
    ("RP10", "HỒ^ĐĂNG^QUANG", "052085000010", "19880229", "M", "A010", "CT", ["CT1"], "20251123", "0845",
     "CT ngực có tiêm", "ROUTINE", ("169069000", "SCT", "CT ngực")),
    ("RP11", "O'NEILL^MARY^^DR", "P123-4567", "19751231", "F", "A011", "MR", ["MR1"], "20251124", "1015",
     "MRI lumbar spine", "LOW", None),
    ("RP12", "TRẦN^VĂN^BÌNH", "079201000012", "19660616", "M", "A012", "US", ["US1"], "20251124", "2355",
     "Siêu âm tuyến giáp", "ROUTINE", None),
)  # fmt: skip


def given(row: tuple[Any, ...]) -> dict[str, Any]:
    """What a person or the HIS gives of one order."""
    procedure, name, patient, born, sex, accession, modality, stations, day, time, text, priority, code = row
    coded = dict(zip(("value", "scheme", "meaning"), code, strict=True)) if code else None
    return {
        "patient_name": name,
        "patient_id": patient,
        "issuer_of_patient_id": "BYT",
        "patient_birth_date": born,
        "patient_sex": sex,
        "accession_number": accession,
        "requested_procedure_id": procedure,
        "requested_procedure_description": text,
        "requested_procedure_code": coded,
        "requested_procedure_priority": priority,
        "requesting_service": "Khoa Cấp cứu",
        "referring_physician_name": "HOÀNG^THỊ^LAN",
        "study_instance_uid": f"1.2.826.0.1.3680043.10.1.{procedure[2:].lstrip('0')}",
        "steps": [
            {
                "modality": modality,
                "scheduled_station_ae_titles": stations,
                "scheduled_procedure_step_start_date": day,
                "scheduled_procedure_step_start_time": time,
                "scheduled_procedure_step_description": text,
                "scheduled_procedure_step_id": f"S{procedure[2:]}",
                "scheduled_performing_physician_name": "KTV^ĐỖ",
                "scheduled_protocol_code": coded,
            }
        ],
    }


def one(procedure: str) -> dict[str, Any]:
    """What is given of the order of this procedure ID."""
    return given(next(row for row in _ROWS if row[0] == procedure))


def make_orders(archive: Archive) -> dict[str, Order]:
    """Make all of them; by procedure ID."""
    return {row[0]: create(archive, given(row), SYSTEM) for row in _ROWS}

"""An order as the index keeps it: what is searched in columns, all else as JSON beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from storage.dicom.order import ORDER_FIELDS, STEP_FIELDS, Values, checked, checked_steps
from storage.dicom.text import search_text
from storage.index import orders as rows

_COLUMNS = (
    *("patient_name", "patient_id", "patient_birth_date", "accession_number", "requested_procedure_id"),
    "study_instance_uid",
)
_STEP_COLUMNS = {
    "modality": "modality",
    "scheduled_procedure_step_start_date": "scheduled_date",
    "scheduled_procedure_step_start_time": "scheduled_time",
    "scheduled_procedure_step_id": "step_id",
}
_SEARCHED = ("patient_name", "patient_id", "accession_number", "requested_procedure_description")


@dataclass(frozen=True)
class Step:
    """A scheduled step of an order."""

    row: Mapping[str, Any]

    @cached_property
    def values(self) -> Values:
        """Its fields by name."""
        return step_values(self.row)


@dataclass(frozen=True)
class Order:
    """An order with its steps, the studies sent for it, and what machines reported."""

    row: Mapping[str, Any]
    steps: Sequence[Step]
    studies: Sequence[Mapping[str, Any]] = ()
    performed: Sequence[Mapping[str, Any]] = ()

    @property
    def id(self) -> int:
        """Its number in this archive."""
        return int(self.row["id"])

    @cached_property
    def values(self) -> Values:
        """Its fields by name."""
        return order_values(self.row)


def checked_order(given: Mapping[str, Any]) -> tuple[Values, list[Values]]:
    """The fields of an order and of its steps, as somebody gave them.

    Raises:
        InvalidRequest: one is missing or cannot be right.
    """
    own = {name: value for name, value in given.items() if name not in ("steps", "facility", "version")}
    return checked(own, ORDER_FIELDS), checked_steps(given.get("steps"))


def columns(values: Values, steps: Sequence[Values]) -> dict[str, Any]:
    """The columns of an order."""
    first = min(
        (step["scheduled_procedure_step_start_date"], step["scheduled_procedure_step_start_time"]) for step in steps
    )
    return {
        **{name: values[name] for name in _COLUMNS},
        "details": _json({name: value for name, value in values.items() if name not in _COLUMNS and value}),
        "scheduled_date": first[0],
        "scheduled_time": first[1],
        "search_text": search_text(values[name] for name in _SEARCHED),
    }


def step_columns(values: Values) -> dict[str, Any]:
    """The columns of a step that is scheduled."""
    rest = values.keys() - _STEP_COLUMNS.keys() - {"scheduled_station_ae_titles"}
    return {
        **{column: values[name] for name, column in _STEP_COLUMNS.items()},
        "state": "scheduled",
        "stations": "".join(f"\\{title}" for title in values["scheduled_station_ae_titles"]) + "\\",
        "details": _json({name: values[name] for name in sorted(rest) if values[name]}),
    }


def order_values(row: Mapping[str, Any]) -> Values:
    """The fields of an order's row."""
    found = {**orjson.loads(row["details"]), **{name: row[name] for name in _COLUMNS}}
    return {field.name: found.get(field.name, None if field.vr == "SQ" else "") for field in ORDER_FIELDS}


def step_values(row: Mapping[str, Any]) -> Values:
    """The fields of a step's row."""
    found = {**orjson.loads(row["details"]), **{name: row[column] for name, column in _STEP_COLUMNS.items()}}
    found["scheduled_station_ae_titles"] = [title for title in row["stations"].split("\\") if title]
    return {field.name: found.get(field.name, None if field.vr == "SQ" else "") for field in STEP_FIELDS}


def read(connection: rows.Connection, found: Sequence[Mapping[str, Any]]) -> list[Order]:
    """The orders of these rows, with all that is beside them."""
    identities = [row["id"] for row in found]
    if not identities:
        return []
    steps = rows.steps_of(connection, identities)
    studies = rows.studies_of(connection, identities)
    performed = rows.performed_of(connection, identities)
    return [
        Order(
            row,
            [Step(step) for step in steps if step["order_fk"] == row["id"]],
            [study for study in studies if study["order_fk"] == row["id"]],
            [one for one in performed if one["order_fk"] == row["id"]],
        )
        for row in found
    ]


def _json(values: Mapping[str, Any]) -> str:
    return orjson.dumps(values).decode()

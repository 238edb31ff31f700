"""Frozen dataclasses of plain fields as JSON tables, and back without believing what is read."""

import math
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from app.errors import StudioError

Record = TypeVar("Record")

_WORDS = {int: "a whole number", float: "a number", str: "a text", type(None): "nothing"}


def record_to_json(record: Any) -> dict[str, Any]:
    """The fields of a dataclass whose fields are numbers, texts or None."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def record_from_json(kind: type[Record], values: object, where: str) -> Record:
    """A `kind` of the fields in a JSON table; those left out keep their default.

    Raises StudioError, which begins with `where`, for a field that is unknown, missing or of another type, and
    for a number that is not finite.
    """
    if not isinstance(values, dict):
        raise StudioError(f"{where} is not a table of fields; the file is damaged.")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    types = get_type_hints(kind)
    unknown = sorted(str(name)[:40] for name in values.keys() - known.keys())
    if unknown:
        raise StudioError(
            f"{where} has a field '{unknown[0]}' that is not known; the file is damaged or of a newer version."
        )
    missing = [
        name
        for name, field in known.items()
        if name not in values and field.default is MISSING and field.default_factory is MISSING
    ]
    if missing:
        raise StudioError(f"{where} has no '{missing[0]}'; the file is damaged.")
    return kind(
        **{name: _checked(value, types[name], f"'{name}' of {where}") for name, value in values.items()}
    )


def _checked(value: Any, wanted: Any, where: str) -> Any:
    options = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    if type(value) in options and not (isinstance(value, float) and not math.isfinite(value)):
        return value
    if type(value) is int and float in options and abs(value) < 2**53:
        return float(value)
    words = " or ".join(_WORDS[option] for option in options)
    raise StudioError(f"{where} is not {words}; the file is damaged.")

"""Sealed columns: text in Python, sealed bytes in the database.

`Person.phone == number`, `.in_(numbers)` and joins of two sealed columns go by the blind index that every value
carries, and so by the indexes that `blind_index` declares. Whatever else SQL could do with text (LIKE, order) is
refused when the statement is written: it would compare ciphertext.
"""

import json
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ClauseElement, ColumnElement, Index, LargeBinary, SQLColumnExpression, func, literal_column
from sqlalchemy import text as sql
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from backend.vault import blind
from backend.vault.blind import ENDING_BYTES, INDEX_BYTES, Kind
from backend.vault.sealing import EMPTY_BYTES, INDEX_AT, seal, unseal

#: From where in a value, and for how long, as SQL's `substr` counts.
_INDEX = (INDEX_AT + 1, INDEX_BYTES)
_ENDING = (INDEX_AT + INDEX_BYTES + 1, ENDING_BYTES)


class BlindIndex(TypeDecorator[bytes]):
    """A value's index: compared with text, it is compared with that text's index."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: str | bytes | None, dialect: Dialect) -> bytes | None:
        del dialect
        return blind.index(self.kind, value) if isinstance(value, str) else value


class BlindEnding(TypeDecorator[bytes]):
    """The index of a telephone's last four digits."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | bytes | None, dialect: Dialect) -> bytes | None:
        del dialect
        return blind.ending(value) if isinstance(value, str) else value


class _ByIndex(TypeDecorator.Comparator[str]):
    """Equality by the blind index; nothing else."""

    def operate(self, op: operators.OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
        if op in (operators.is_, operators.is_not) or (op in (operators.eq, operators.ne) and other[0] is None):
            return super().operate(op, *other, **kwargs)
        compared = (operators.eq, operators.ne, operators.in_op, operators.not_in_op, operators.is_distinct_from)
        if op not in compared:
            raise TypeError(f"a sealed column knows no {op.__name__}: it would look at ciphertext")
        told = other[0].__clause_element__() if hasattr(other[0], "__clause_element__") else other[0]
        if isinstance(told, ClauseElement):
            if not isinstance(told, ColumnElement) or not isinstance(told.type, Sealed):
                raise TypeError("a sealed column is compared with text, or with another sealed column")
            told = index_of(told)
        return op(index_of(self.expr), told)


class Sealed(TypeDecorator[str]):
    """Text sealed for `where` («person.phone»), found by what it is."""

    impl = LargeBinary
    cache_ok = True
    comparator_factory = _ByIndex

    def __init__(self, where: str, kind: Kind) -> None:
        super().__init__()
        self.where = where
        self.kind = kind

    @property
    def index_length(self) -> int:
        return self.kind.index_length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        del dialect
        return None if value is None else sealed_text(self.where, self.kind, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else unseal(self.where, value, self.index_length).decode()


class _ByNothing(TypeDecorator.Comparator[Any]):
    """Whether there is a value; nothing else."""

    def operate(self, op: operators.OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
        is_about_null = op in (operators.eq, operators.ne) and other[0] is None
        if not is_about_null and op not in (operators.is_, operators.is_not):
            raise TypeError(f"a sealed column knows no {op.__name__}: it would look at ciphertext; see `is_filled`")
        return super().operate(op, *other, **kwargs)


class _Unsearched(TypeDecorator[Any]):
    """Sealed bytes that nothing is looked up by."""

    impl = LargeBinary
    index_length = 0
    comparator_factory = _ByNothing

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where


class SealedBytes(_Unsearched):
    """Bytes sealed for `where`."""

    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        del dialect
        return None if value is None else seal(self.where, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        del dialect
        return None if value is None else unseal(self.where, value)


class SealedText(_Unsearched):
    """Text sealed for `where`."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        del dialect
        return None if value is None else seal(self.where, value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else unseal(self.where, value).decode()


class SealedJson(_Unsearched):
    """What JSON can say, sealed for `where`. SQL does not look into it."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        del dialect
        return None if value is None else seal(self.where, json.dumps(value, ensure_ascii=False).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(unseal(self.where, value))


#: What a model's column may be sealed by.
SEALED = (Sealed, SealedBytes, SealedText, SealedJson)


def sealed_text(where: str, kind: Kind, value: str) -> bytes:
    """A text as its column holds it, for what is written past the models (COPY, migrations)."""
    return seal(where, value.encode(), blind.indexes(kind, value))


def is_filled(column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether a text that nothing is looked up by is not empty, or a mapping not {}: its length alone tells."""
    kind = cast(ColumnElement[Any], column).type
    return func.octet_length(column) > EMPTY_BYTES + (len("{}") if isinstance(kind, SealedJson) else 0)


def index_of(column: SQLColumnExpression[Any]) -> ColumnElement[bytes]:
    """By what a sealed column is found: of use to group, to join and to compare."""
    kind = cast(Sealed, cast(ColumnElement[Any], column).type).kind
    return _part(column, _INDEX, BlindIndex(kind))


def ending_of(column: SQLColumnExpression[Any]) -> ColumnElement[bytes]:
    """By what a sealed telephone is found by its last four digits: `ending_of(Call.phone) == "4567"`."""
    return _part(column, _ENDING, BlindEnding())


def _part(column: SQLColumnExpression[Any], part: tuple[int, int], kind: TypeDecorator[bytes]) -> ColumnElement[bytes]:
    start, length = part
    # Written out, not bound: an index over the expression must be recognised in every plan.
    return func.substr(column, literal_column(str(start)), literal_column(str(length)), type_=kind)


def index_sql(column: str) -> str:
    """What `index_of` is in SQL, for indexes and statements written out."""
    return f"substr({column}, {_INDEX[0]}, {_INDEX[1]})"


def ending_sql(column: str) -> str:
    """What `ending_of` is in SQL."""
    return f"substr({column}, {_ENDING[0]}, {_ENDING[1]})"


def blind_index(
    name: str, column: str, *others: str, before: Sequence[str] = (), unique: bool = False, where: str | None = None
) -> Index:
    """An index by which a sealed column's equality is looked up, between `before` and `others`."""
    rows = sql(where) if where else None
    return Index(name, *before, sql(index_sql(column)), *others, unique=unique, postgresql_where=rows)

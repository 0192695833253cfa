"""Find the fields that matter in a collection's schema: key, vectors, texts, metadata; and its metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster_explorer.errors import FieldError, available
from cluster_explorer.milvus.vector_types import USABLE_TYPES

#: A row, or the description of a field, as pymilvus gives it.
Record = Mapping[str, Any]

#: Names by which a field is taken for the texts although others could be; earlier ones first.
TEXT_NAMES = ("text", "content", "page_content", "document", "body", "chunk", "passage", "sentence", "message")


@dataclass(frozen=True)
class CollectionInfo:
    """What is known of an open collection.

    Attributes
    ----------
    collection_name : str
        Name of the collection.
    uri : str
        Path or address of the database; never with credentials.
    primary_field : str
        Field of the primary key.
    ids_are_strings : bool
        Whether primary keys are str; int otherwise.
    vector_field, text_field : str
        Fields of the embeddings and of the texts that were embedded.
    metric : str
        ``"cosine"``, ``"euclidean"`` or ``"ip"``.
    index_type : str or None
        Milvus' name for the index of the vector field; None where there is none.
    index_metric : str or None
        The metric that this index was built with.
    dim : int
        Length of the vectors.
    metadata_fields : tuple of str
        The other fields that can be read, dynamic ones among them.
    is_lite : bool
        Whether it is a Milvus Lite database, which runs in this process.
    matches_text : bool
        Whether the text field is analyzed, so that ``TEXT_MATCH`` finds its words.
    vector_type : str
        Milvus' type of the vector field.
    partition_names : tuple of str
        The partitions that are looked at; none named are all.
    has_dynamic_fields : bool
        Whether rows may hold fields that the schema does not name.
    db_name : str
        The database on the server; "" is its default one.
    """

    collection_name: str
    uri: str
    primary_field: str
    ids_are_strings: bool
    vector_field: str
    text_field: str
    metric: str
    index_type: str | None
    index_metric: str | None
    dim: int
    metadata_fields: tuple[str, ...]
    is_lite: bool
    matches_text: bool = False
    vector_type: str = "FLOAT_VECTOR"
    partition_names: tuple[str, ...] = ()
    has_dynamic_fields: bool = False
    db_name: str = ""


def field_type(field: Record) -> str:
    """Name of a field's Milvus type, such as ``"FLOAT_VECTOR"``."""
    return str(field["type"].name)


def find_primary_field(fields: Sequence[Record]) -> Record:
    """Return the field of the primary key; Milvus sees to it that there is one."""
    return next(field for field in fields if field.get("is_primary"))


def find_vector_field(
    collection: str, fields: Sequence[Record], name: str | None, types: Sequence[str] = USABLE_TYPES
) -> Record:
    """Return the field of the embeddings, which is of one of these types.

    Raises
    ------
    FieldError
        When there is none, when there are several and no name is given, or when the named one holds no float vectors.
    """
    vectors = [field for field in fields if "VECTOR" in field_type(field)]
    usable = [field for field in vectors if field_type(field) in types]
    described = ", ".join(f"{field['name']!r} ({field_type(field)})" for field in vectors) or "none"
    if name is not None:
        for field in usable:
            if field["name"] == name:
                return field
        raise FieldError(
            f"Collection {collection!r} has no float vectors in vector_field={name!r}; "
            f"only {' and '.join(types)} fields can be used. Vector fields: {described}."
        )
    if not usable:
        raise FieldError(
            f"Collection {collection!r} has no field of float vectors ({', '.join(types)}), so there is nothing to "
            "cluster. "
            f"Vector fields: {described}. Store dense float embeddings of the texts beside them."
        )
    if len(usable) > 1:
        raise FieldError(
            f"Collection {collection!r} has several vector fields: choose one with vector_field=. "
            f"{available(field['name'] for field in usable)}"
        )
    return usable[0]


def find_text_field(collection: str, fields: Sequence[Record], sample: Sequence[Record], name: str | None) -> str:
    """Return the name of the field that holds the texts.

    A field named as in `TEXT_NAMES` is taken before others; otherwise the only one that holds strings. The primary key
    is never taken.

    Parameters
    ----------
    collection : str
        Its name, for messages.
    fields : sequence of mappings
        As described by Milvus.
    sample : sequence of mappings
        A few rows with all their scalar fields: dynamic fields are known from rows alone.
    name : str or None
        The user's choice.

    Raises
    ------
    FieldError
        When there is none, when there are several, or when the named one holds no strings.
    """
    candidates = _string_fields(fields, sample)
    if name is not None:
        if name in candidates:
            return name
        raise FieldError(f"Collection {collection!r} has no strings in text_field={name!r}. {available(candidates)}")
    by_name = {candidate.lower(): candidate for candidate in reversed(candidates)}
    for known in TEXT_NAMES:
        if known in by_name:
            return by_name[known]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        names = [*(field["name"] for field in fields), *_dynamic_fields(fields, sample)]
        raise FieldError(
            f"Collection {collection!r} has no field with texts: none of its fields holds strings. {available(names)} "
            "Store the texts beside their vectors (ClusterExplorer.from_texts does)."
        )
    examples = "; ".join(f"{candidate!r} (e.g. {_example(candidate, sample)})" for candidate in candidates)
    raise FieldError(
        f"Collection {collection!r} has several fields that may hold the texts: {examples}. "
        f"Choose one, as in text_field={candidates[0]!r}."
    )


def matches_text(fields: Sequence[Record], text_field: str) -> bool:
    """Whether the words of the text field can be matched: it was made with ``enable_match``."""
    params: Record = next((field.get("params", {}) for field in fields if field["name"] == text_field), {})
    return str(params.get("enable_match", "")).lower() == "true"


def metadata_fields(fields: Sequence[Record], sample: Sequence[Record], text_field: str) -> tuple[str, ...]:
    """Return the names of the readable fields beside key, vectors and texts, dynamic ones last."""
    scalars = [field["name"] for field in fields if not field.get("is_primary") and "VECTOR" not in field_type(field)]
    return tuple(name for name in [*scalars, *_dynamic_fields(fields, sample)] if name != text_field)


def _string_fields(fields: Sequence[Record], sample: Sequence[Record]) -> list[str]:
    stored = [field["name"] for field in fields if field_type(field) == "VARCHAR" and not field.get("is_primary")]
    dynamic = [
        name for name in _dynamic_fields(fields, sample) if any(isinstance(record.get(name), str) for record in sample)
    ]
    return [*stored, *dynamic]


def _dynamic_fields(fields: Sequence[Record], sample: Sequence[Record]) -> list[str]:
    stored = {field["name"] for field in fields}
    return list(dict.fromkeys(name for record in sample for name in record if name not in stored))


def _example(name: str, sample: Sequence[Record]) -> str:
    for record in sample:
        if value := record.get(name):
            text = str(value)
            return repr(text if len(text) <= 40 else text[:39] + "…")
    return "empty"

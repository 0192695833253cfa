"""Rows as Milvus gives them, turned into DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cluster_explorer.milvus.schema import CollectionInfo


def data_frame(
    info: CollectionInfo, ids: Sequence[int] | Sequence[str], rows: Sequence[Mapping[str, Any]], fields: Sequence[str]
) -> pd.DataFrame:
    """One row per id, indexed by them, with a column per field; None where a row lacks the field."""
    import pandas as pd

    index: pd.Index[Any] = pd.Index(
        np.array(ids, dtype=object if info.ids_are_strings else np.int64), name=info.primary_field
    )
    return pd.DataFrame({name: _column([row.get(name) for row in rows], index) for name in fields}, index=index)


def _column(values: list[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Let pandas choose the type, but keep integers exact and booleans boolean beside missing values."""
    import pandas as pd

    kinds = {type(value) for value in values}
    if type(None) in kinds and len(kinds) == 2:
        if int in kinds:
            return pd.Series(values, index=index, dtype="Int64")
        if bool in kinds:
            return pd.Series(values, index=index, dtype="boolean")
    return pd.Series(values, index=index)

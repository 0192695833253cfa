"""Leaving with what was found: tables, pictures, and a page that opens without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.annotations import rows_with_ids
from cluster_explorer.widget.facade.saving import SavingFacade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from cluster_explorer.exporting.picture import Theme
    from cluster_explorer.values import IntArray


class ExportingFacade(SavingFacade):
    """Files are written where they are told to, and nowhere else."""

    _title: str

    def to_frame(self, *, metadata: bool | Sequence[str] = False) -> pd.DataFrame:
        """Return every row, ascending by id.

        Parameters
        ----------
        metadata : bool or sequence of str
            Fields of the collection to read as well: all, none, or those that are named. One whose name is taken by a
            column of ours is called ``field.<name>``.

        Returns
        -------
        DataFrame
            id, text; cluster and probability, as in `labels_` and `probabilities_`: strict, so -1 and 0 for noise;
            attached_cluster, with noise attached as far as `noise_threshold` says, as the map shows it; name, that of
            the attached_cluster, "" where that is -1; confidence, how far the attached_cluster can be trusted; x, y
            (and z of a 3-D map); starred; and the fields asked for.

        Raises
        ------
        FieldError
            If a field does not exist.
        """
        frame = super().to_frame()
        for name, column in self._columns(metadata).items():
            frame[f"field.{name}" if name in frame.columns else name] = column.to_numpy()
        return frame

    def _frame(self, rows: IntArray) -> pd.DataFrame:
        from cluster_explorer.session.annotating import shown_names

        self._result("names")
        frame = super()._frame(rows)
        names = shown_names(self._session.state)
        place = frame.columns.tolist().index("attached_cluster") + 1
        frame.insert(
            place, "name", [names[label] if label >= 0 else "" for label in self._members().labels[rows].tolist()]
        )
        starred = np.zeros(len(self.ids_), dtype=bool)
        starred[rows_with_ids(self.ids_, self.annotations.starred)] = True
        frame["starred"] = starred[rows]
        return frame

    def to_csv(self, path: str | Path, *, metadata: bool | Sequence[str] = False) -> Path:
        """Write `to_frame` as CSV, made safe for spreadsheets.

        A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break gets a ``'`` before it, so that no
        spreadsheet runs it as a formula; so does what follows a semicolon, a tab or a line break inside it and begins
        like that. `to_parquet` keeps texts unchanged.

        Raises
        ------
        SavedFileError
            If the file cannot be written.
        """
        from cluster_explorer.exporting.tables import write_csv

        return write_csv(self.to_frame(metadata=metadata), path)

    def to_parquet(self, path: str | Path, *, metadata: bool | Sequence[str] = False) -> Path:
        """Write `to_frame` as Parquet.

        Raises
        ------
        SavedFileError
            If the file cannot be written.
        """
        from cluster_explorer.exporting.tables import write_parquet

        return write_parquet(self.to_frame(metadata=metadata), path)

    def save_image(self, path: str | Path, *, width: int = 1400, height: int = 900, theme: Theme = "light") -> Path:
        """Draw the map as it is coloured now, with names and legend, to a PNG or SVG file. No browser is needed.

        Parameters
        ----------
        path : str or Path
            Ending in ``.png`` or ``.svg``.
        width, height : int
            In pixels; a PNG has twice as many, for sharp print.
        theme : {"light", "dark"}

        Raises
        ------
        InvalidParameterError
            If the ending, the size or the theme is not a choice.
        SavedFileError
            If the file cannot be written.
        """
        from cluster_explorer.exporting.picture import write_image
        from cluster_explorer.widget.exports import picture_of

        self._everything()
        return write_image(picture_of(self._session, self._title), path, width=width, height=height, theme=theme)

    def save_html(self, path: str | Path, *, metadata: bool | Sequence[str] = False) -> Path:
        """Write one HTML file with map, lasso, texts and word search that opens without a kernel and without a network.

        It holds every text, for whoever gets the file; under a filter, or where you have drilled down, the texts that
        are left, and no other. About 5 MB of it are the code that draws the map.

        Parameters
        ----------
        path : str or Path
        metadata : bool or sequence of str
            Fields of the collection to be read beside a text: all, none, or those that are named.

        Raises
        ------
        FieldError
            If a field does not exist.
        SavedFileError
            If the file cannot be written.
        """
        from cluster_explorer.exporting.page import write_page
        from cluster_explorer.widget.exports import page_of

        self._everything()
        return write_page(page_of(self._session, self._title, self._columns(metadata)), path)

    def _columns(self, metadata: bool | Sequence[str]) -> Mapping[str, pd.Series[Any]]:  # noqa: FBT001 - or names
        if metadata is False or not self._session.metadata.fields:
            return {}
        return self._session.metadata.read(None if metadata is True else metadata)

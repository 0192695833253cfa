"""Writing labels back into Milvus, and taking them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer.widget.facade.base import FacadeBase
from cluster_explorer.write_back import WriteWish

if TYPE_CHECKING:
    import os

    from cluster_explorer.write_back import Into, Labels, UndoReport, WriteReport


class WritingFacade(FacadeBase):
    """What was found goes back to where the texts are."""

    def write_labels(
        self,
        field: str = "cluster",
        *,
        labels: Labels = "strict",
        names: bool = False,
        confidence: bool = False,
        run_id: bool | str = False,
        clear_others: bool = False,
        into: Into = "auto",
        companion: str | None = None,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
    ) -> WriteReport:
        """Write the cluster of every row that was clustered beside it, as an integer, -1 for noise.

        Afterwards ``filter="cluster == 7"`` finds exactly these rows, unless rows outside the exploration's filter or
        scope hold a label of an earlier run: the report counts them. ``clear_others`` takes it from them; a mark of the
        run, which is recommended where several explorations write into one field, tells them apart.

        Labels go into a dynamic field, or a field that exists, and nothing else of a row changes; where the schema
        allows neither (no dynamic fields, or automatic keys on a server), they go into a companion collection of keys
        and labels. Rows that hold their label already are left alone: an interrupted call, made again, goes on. Rows
        whose values others changed while it wrote are left alone, too, and counted. Servers before 2.6.2 store whole
        rows only: what others write into a row, or delete of it, in the half second between its being read and stored
        is lost there.

        Parameters
        ----------
        field : str
            Name of the field for the labels; what is written beside them is named after it.
        labels : {"strict", "attached"}
            The strict labels, or those with noise attached as far as `noise_threshold` says: what the map shows.
        names : bool
            Whether to write the cluster's name as well, to ``<field>_name``.
        confidence : bool
            Whether to write how sure each label is, 0 to 1, to ``<field>_confidence``.
        run_id : bool or str
            Whether to mark the rows with this run, in ``<field>_run``: with a mark of yours, or one made of the time.
            Every row of the run gets it, those that hold their label already as well.
        clear_others : bool
            Whether other rows that hold the field lose what they hold, in it and in what is written beside it.
        into : {"auto", "collection", "companion"}
            Where the labels go.
        companion : str, optional
            Name of the companion collection; the collection's name and ``_labels`` when left out.
        dry_run : bool
            Whether only to tell what would change.
        journal : path, optional
            A file that notes what each row held before, so that `undo_write` works after a restart; without one, it
            works in this session. A file that was undone can be used again.

        Returns
        -------
        WriteReport
            Where the labels are, and how many rows were added, changed, left, and gone; and how many others hold the
            field.

        Raises
        ------
        FieldError
            When the field cannot be used, or holds other things; nothing was written then.
        InvalidParameterError
            When the schema does not allow what `into` or `clear_others` says.
        ClusterExplorerError
            When Milvus fails. What was written until then can be undone.

        Examples
        --------
        >>> ex.write_labels("topic", names=True, dry_run=True).sentence  # doctest: +SKIP
        "Would write 'topic', 'topic_name' (dynamic field) in collection 'headlines'; rows: 1,200 new."
        """
        from cluster_explorer.widget.progress import progress_bar

        wish = WriteWish(field, labels, names, confidence, run_id, clear_others, into, companion, dry_run)
        self._result("names" if names else "clustering")
        with progress_bar("Looking at labels" if dry_run else "Writing labels") as on_progress:
            return self._session.writing.write(wish, journal=journal, on_progress=on_progress)

    def undo_write(self, journal: str | os.PathLike[str] | None = None) -> UndoReport:
        """Give rows back what they held before the last `write_labels`; rows that others changed since are left alone.

        Parameters
        ----------
        journal : path, optional
            The file that `write_labels` was given, for what was written in an earlier session.

        Returns
        -------
        UndoReport

        Raises
        ------
        InvalidParameterError
            When nothing was written in this session, and no journal is given.
        SavedFileError
            When the file is no journal, or was undone already.
        """
        from cluster_explorer.widget.progress import progress_bar

        with progress_bar("Undoing") as on_progress:
            return self._session.writing.undo(journal, on_progress=on_progress)

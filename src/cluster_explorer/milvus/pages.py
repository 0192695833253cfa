"""Read a collection page by page, ascending by primary key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_explorer.errors import MessageTooLargeError, MilvusOperationError
from cluster_explorer.milvus.dynamic import only, output_fields
from cluster_explorer.milvus.expressions import both, greater_than

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_explorer.milvus.connection import Connection

#: Milvus' limit on the rows of one answer.
LARGEST_PAGE = 16_384


class PageReader:
    """Pages of rows, each starting after the last key of the one before.

    It asks as `MilvusClient.query_iterator` does, with three differences: string keys are quoted (its cursor breaks on
    a ``"`` in a key), every call has a timeout (its first has none, and hangs on a server that stopped), and a page
    that is too large for the network is asked for again in halves. The fields may be changed between two pages.

    Parameters
    ----------
    connection : Connection
        Open.
    collection_name, primary_field : str
        What is read, and its key.
    fields : sequence of str
        Fields of each row; the key is always among them.
    filter : str
        Which rows; "" is all.
    page_size : int
        Rows a page, at most.
    partition_names : sequence of str
        Partitions that are read; all when none are named.

    Attributes
    ----------
    fields : list of str
        May be set; holds from the next page on.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        collection_name: str,
        primary_field: str,
        fields: Sequence[str],
        filter: str,  # noqa: A002 - the name Milvus gives it
        page_size: int,
        partition_names: Sequence[str] = (),
    ) -> None:
        self.fields = list(fields)
        self._connection = connection
        self._collection_name = collection_name
        self._primary_field = primary_field
        self._filter = filter
        self._partition_names = list(partition_names) or None
        self._page_size = min(page_size, LARGEST_PAGE)
        self._snapshot = 0

    def __iter__(self) -> Iterator[Sequence[Mapping[str, Any]]]:
        last: int | str | None = None
        self._wait_for_writes()
        while page := self._page_after(last):
            before, last = last, page[-1][self._primary_field]
            # Which of two strings is the greater is for the server to say, by a collation of its own.
            if last == before or (isinstance(last, int) and isinstance(before, int) and last < before):
                raise MilvusOperationError(
                    f"Cannot read collection {self._collection_name!r} at {self._connection.address.uri}: asked for "
                    f"what follows the key {before!r}, the server answers with rows up to the key {last!r}, and "
                    "reading would never end. Open the collection again; if it stays so, the server needs an update."
                )
            yield page

    def _page_after(self, last: int | str | None) -> Sequence[Mapping[str, Any]]:
        position = "" if last is None else greater_than(self._primary_field, last)
        while True:
            try:
                return self._query(both(position, self._filter))
            except MessageTooLargeError:
                if self._page_size == 1:
                    raise
                self._page_size = max(1, self._page_size // 2)

    def _wait_for_writes(self) -> None:
        """See all that was written before: servers (2.3 at least) do not wait for that when pages are asked for."""
        if self._connection.address.is_lite:
            return
        self._connection.ask(
            f"read collection {self._collection_name!r}",
            lambda client: client.query(
                self._collection_name,
                filter=self._filter,
                partition_names=self._partition_names,
                output_fields=[self._primary_field],
                limit=1,
                timeout=self._connection.timeout,
                consistency_level="Strong",
            ),
        )

    def _query(self, expression: str) -> Sequence[Mapping[str, Any]]:
        # The first page follows a wait for what was written; those after it see the same moment, where the server can.
        moment: dict[str, Any] = (
            {"guarantee_timestamp": self._snapshot} if self._snapshot else {"consistency_level": "Bounded"}
        )
        names = [self._primary_field, *self.fields]
        is_lite = self._connection.address.is_lite
        page, session = self._connection.ask(
            f"read collection {self._collection_name!r}",
            lambda client: _decoded(
                client.query(
                    self._collection_name,
                    filter=expression,
                    partition_names=self._partition_names,
                    output_fields=output_fields(names, is_lite=is_lite),
                    limit=self._page_size,
                    timeout=self._connection.timeout,
                    iterator="True",
                    reduce_stop_for_best="True",
                    strict_float32=True,
                    **moment,
                )
            ),
        )
        self._snapshot = self._snapshot or session
        return only(page, names, is_lite=is_lite)


def _decoded(answer: Any) -> tuple[list[Mapping[str, Any]], int]:
    """Return the rows, which are decoded when they are first looked at, and the moment that the server read at."""
    return list(answer), getattr(answer, "extra", {}).get("iterator_session_ts", 0)

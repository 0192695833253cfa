"""Why these rows: the terms and metadata values that are over-represented among them, by a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.describe.keywords import repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from cluster_explorer.values import IntArray

#: Rows among the chosen ones that must have something before it is tested: one row proves nothing.
_FEWEST = 2


@dataclass(frozen=True)
class Contrast:
    """Something that more of these rows have than of the others.

    Attributes
    ----------
    field : str
        The metadata field, or "" for a term of the texts.
    value : str
    inside, outside : int
        Rows that have it: among these, and among all others.
    share_inside, share_outside : float
        The same as shares, 0 to 1.
    p_value : float
        Probability of as many or more among these rows if they had been drawn at random.
    q_value : float
        The same, corrected for having tested many.
    strength : float
        Log-likelihood ratio, in nats: how much better "they differ" explains the counts than "they do not".
    """

    field: str
    value: str
    inside: int
    outside: int
    share_inside: float
    share_outside: float
    p_value: float
    q_value: float
    strength: float

    @property
    def lift(self) -> float:
        """How many times as frequent it is among these rows as among the others; infinite where no other has it."""
        return self.share_inside / self.share_outside if self.share_outside > 0 else float("inf")


def contrast(
    presence: csr_array,
    names: Sequence[str] | npt.NDArray[np.object_],
    rows: IntArray,
    others: IntArray | None = None,
    *,
    field: str = "",
    alpha: float = 0.05,
) -> tuple[Contrast, ...]:
    """Find what is over-represented among some rows, compared with others.

    Each candidate is tested by Fisher's exact test [1]_ (one-sided: the upper tail of the hypergeometric distribution),
    all together at a false discovery rate of `alpha` by the procedure of Benjamini and Hochberg [2]_, and what remains
    is ordered by its log-likelihood ratio [3]_.

    Parameters
    ----------
    presence : csr_array of shape (n, m)
        Which of m terms or values each row has; counts above 1 say no more than 1.
    names : sequence of str, length m
    rows : ndarray of shape (k,), int32
        The rows that are asked about; distinct.
    others : ndarray of shape (l,), int32, optional
        The rows to compare them with, none of them among `rows`; all other rows when left out.
    field : str
        What the names are values of.
    alpha : float
        False discovery rate, 0 to 1.

    Returns
    -------
    tuple of Contrast
        The strongest first; empty when there are no rows, or none to compare them with.

    References
    ----------
    .. [1] Fisher: On the Interpretation of chi-squared from Contingency Tables. Journal of the Royal Statistical
       Society 85, 1922.
    .. [2] Benjamini, Hochberg: Controlling the False Discovery Rate. J. Royal Statistical Society B 57, 1995.
    .. [3] Dunning: Accurate Methods for the Statistics of Surprise and Coincidence. Computational Linguistics 19, 1993.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> presence = csr_array(np.repeat([[1, 1], [0, 1]], 10, axis=0))
    >>> [found.value for found in contrast(presence, ["harbour", "the"], np.arange(10))]
    ['harbour']
    """
    from scipy.stats import false_discovery_control, hypergeom

    if others is None:
        others = np.setdiff1d(np.arange(presence.shape[0]), rows, assume_unique=True)
    n_rows, n_all = len(rows), len(rows) + len(others)
    if n_rows in (0, n_all) or presence.shape[1] == 0:
        return ()
    inside = _rows_with(presence, rows)
    overall = inside + _rows_with(presence, others)
    # what nobody has cannot be found; everything else counts as tested, whether it is frequent or not
    tested = np.flatnonzero(overall >= _FEWEST)
    if not len(tested):
        return ()
    p_values = np.ones(len(tested))
    over = (inside[tested] >= _FEWEST) & (inside[tested] * n_all > overall[tested] * n_rows)
    candidates = tested[over]
    p_values[over] = hypergeom.sf(inside[candidates] - 1, n_all, overall[candidates], n_rows)
    q_values = false_discovery_control(np.clip(p_values, 0.0, 1.0), method="bh")[over]
    strengths = _log_likelihood_ratio(inside[candidates], overall[candidates], n_rows, n_all)
    found = [
        Contrast(
            field=field,
            value=str(names[column]),
            inside=int(inside[column]),
            outside=int(overall[column] - inside[column]),
            share_inside=float(inside[column] / n_rows),
            share_outside=float((overall[column] - inside[column]) / (n_all - n_rows)),
            p_value=float(p),
            q_value=float(q),
            strength=float(strength),
        )
        for column, p, q, strength in zip(candidates, p_values[over], q_values, strengths, strict=True)
        if q <= alpha
    ]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.value)))


def _rows_with(presence: csr_array, rows: IntArray) -> npt.NDArray[np.int64]:
    """Count those of some rows that have each term or value."""
    among = presence[rows]
    return np.bincount(among.indices[among.data > 0], minlength=presence.shape[1])


def most_telling(found: Iterable[Contrast], n: int = 12) -> tuple[Contrast, ...]:
    """Choose the strongest terms that say different things: no plural, word of a pair, or overlapping stretch twice."""
    chosen: list[Contrast] = []
    for one in found:
        if len(chosen) == n:
            break
        if not repeats(one.value, [other.value for other in chosen]):
            chosen.append(one)
    return tuple(chosen)


def _log_likelihood_ratio(
    inside: npt.NDArray[np.int64], overall: npt.NDArray[np.int64], n_rows: int, n_all: int
) -> npt.NDArray[np.float64]:
    """Half of Dunning's statistic, for every term at once; unlike a p-value it does not end at 1e-308."""
    from scipy.special import rel_entr

    cells = [
        (inside, overall * (n_rows / n_all)),
        (overall - inside, overall * ((n_all - n_rows) / n_all)),
        (n_rows - inside, (n_all - overall) * (n_rows / n_all)),
        (n_all - n_rows - overall + inside, (n_all - overall) * ((n_all - n_rows) / n_all)),
    ]
    ratio = np.zeros(len(inside))
    for observed, expected in cells:
        ratio += rel_entr(observed.astype(np.float64), np.maximum(expected, 1e-300)) * (observed > 0)
    return ratio

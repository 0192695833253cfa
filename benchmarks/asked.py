"""What tables say of a number that falls short of what the issues asked for: a dagger, which a line below explains."""

from __future__ import annotations

SHORT = "†"


def marked(figure: str, *, short: bool) -> str:
    """Put a dagger behind a figure that falls short.

    >>> marked("1.25", short=True), marked("0.90", short=False)
    ('1.25 †', '0.90')
    """
    return f"{figure} {SHORT}" if short else figure


def outcome(asked: str, n_short: int, n_all: int) -> str:
    """Say below a table what was asked, and how many of its figures fall short.

    >>> outcome("At most 1.15 was asked.", 2, 18)
    'At most 1.15 was asked. 2 of 18 figures fall short, marked †.'
    >>> outcome("At most 1.15 was asked.", 0, 18)
    'At most 1.15 was asked. None of 18 figures falls short.'
    """
    if n_all == 0:
        return f"{asked} Nothing of it was measured here."
    if n_short == 0:
        return f"{asked} None of {n_all} figures falls short."
    return f"{asked} {n_short} of {n_all} figures {'falls' if n_short == 1 else 'fall'} short, marked {SHORT}."

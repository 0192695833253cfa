"""One state, changed in one place, from any thread."""

from __future__ import annotations

import threading
from dataclasses import replace

from cluster_explorer.params import Params
from cluster_explorer.state import State, Store


def noticed(text):
    return lambda state: replace(state, notice=text)


def test_views_see_every_change_once_and_in_order():
    store, seen = Store(State(Params())), []
    store.subscribe(lambda before, after: seen.append((before.notice, after.notice)))
    threads = [
        threading.Thread(target=lambda: [store.apply(lambda s: replace(s, notice=s.notice + "x")) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.state.notice) == 200
    assert [len(after) for _, after in seen] == list(range(1, 201))
    assert all(len(after) == len(before) + 1 for before, after in seen)


def test_a_view_that_changes_the_state_is_answered_next_not_in_between():
    store, seen = Store(State(Params())), []

    def asks_for_more(_before, after):
        if after.notice == "first":
            store.apply(noticed("second"))
            seen.append("asked")

    store.subscribe(asks_for_more)
    store.subscribe(lambda _before, after: seen.append(after.notice))
    store.apply(noticed("first"))
    assert seen == ["asked", "first", "second"]


def test_apply_returns_when_its_own_change_is_shown_though_another_thread_applies():
    store = Store(State(Params()))
    entered, go_on = threading.Event(), threading.Event()

    def slow(_before, after):
        if after.notice == "slow":
            entered.set()
            assert go_on.wait(10)

    store.subscribe(slow)
    applier = threading.Thread(target=lambda: store.apply(noticed("slow")))
    applier.start()
    assert entered.wait(10)
    second = threading.Thread(target=lambda: store.apply(noticed("second")))
    second.start()
    store.post(noticed("posted"))  # a worker never waits for a view
    go_on.set()
    second.join(10)
    applier.join(10)
    assert not second.is_alive()
    assert store.state.notice in {"second", "posted"}


def test_a_broken_view_is_told_to_the_user_and_silences_no_other():
    store, seen = Store(State(Params())), []

    def broken(_before, after):
        if after.notice == "first":
            raise ValueError("no such colour")

    store.subscribe(broken)
    store.subscribe(lambda _before, after: seen.append(after.notice))
    store.apply(noticed("first"))
    assert seen == ["first", "A view failed: ValueError: no such colour"]

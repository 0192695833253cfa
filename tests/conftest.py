"""What all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from components import OUTCOMES

# the first example pays for imports; slowness is measured by benchmarks, never by tests
settings.register_profile("project", deadline=None)
settings.load_profile("project")


TESTS = Path(__file__).parent
#: Folders of tests that wait for browsers, kernels, servers and threads.
WITH_OTHERS = ("browser", "notebooks", "packaging", "unit/titles", "widget")
#: What is said where a condition, a call or a measured time was not there in time, and of an index that Milvus Lite was
#: killed over while it wrote it, which it cannot load again.
WAITED_TOO_LONG = ["in vain", "[Tt]imeout", "monotonic", "did not answer within", "No data left in file"]
#: Folders whose tests share servers and browsers: where there are several processes, one runs them all.
TOGETHER = ("browser", "milvus", "notebooks", "packaging")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[OUTCOMES] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a test that waits for other processes once more where it failed; the summary lists those that were.

    Tests with real databases also look for races, which must not be tried until they pass: there only a wait that
    took too long counts.
    """
    for item in items:
        if item.path.is_relative_to(TESTS / "milvus"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=WAITED_TOO_LONG))
        elif any(item.path.is_relative_to(TESTS / folder) for folder in WITH_OTHERS):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests file by file, those that share a server or a browser together, all in the order they have."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folder = file.removeprefix(f"{TESTS.name}/").partition("/")[0]
            return folder if folder in TOGETHER else file

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that writes the summary, if that is another one, what was tested."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["components"] = session.config.stash[OUTCOMES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[OUTCOMES].update(getattr(node, "workeroutput", {}).get("components", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in the summary what ran, so that a run without a server does not look like one with it."""
    for name, outcome in config.stash[OUTCOMES].items():
        terminalreporter.write_line(f"{name}: {outcome}")


@pytest.fixture(scope="session")
def blobs() -> np.ndarray:
    """Four well separated groups of unit vectors and some scattered rows between them; shape (260, 16), float32."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(4, 16)) * 4
    groups = [centre + rng.normal(size=(60, 16)) * 0.35 for centre in centres]
    scattered = rng.normal(size=(20, 16)) * 4
    vectors = np.concatenate([*groups, scattered]).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    return TESTS.parent / "notebooks" / "data"

"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# the first example pays for imports; slowness is measured by benchmarks, never by tests
settings.register_profile("project", deadline=None)
settings.load_profile("project")


TESTS = Path(__file__).parent
#: Folders of tests that wait for browsers, kernels, servers and threads.
WITH_OTHERS = ("browser", "milvus", "notebooks", "packaging", "unit/titles", "widget")


def pytest_collection_modifyitems(items):
    """Run a test that waits for other processes once more where it failed; the summary lists those that were."""
    for item in items:
        if any(item.path.is_relative_to(TESTS / folder) for folder in WITH_OTHERS):
            item.add_marker(pytest.mark.flaky(reruns=1))


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

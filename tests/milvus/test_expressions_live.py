"""Values of any kind stay values in filter expressions: asked of a real Milvus Lite."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.expressions import both, none_of, one_of

HOSTILE = ['"', "'", "\\", '\\"', '" or id != "', "x' or '1' == '1", "a\nb", "a\tb", "{x}", "%", "_", "汉字", "🙂", "]"]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    path = tmp_path_factory.mktemp("quoted") / "quoted.db"
    import pandas as pd

    frame = pd.DataFrame({"id": HOSTILE, "text": [f"text of {key}" for key in HOSTILE]})
    ingest(frame, vectors=[[1.0, float(n)] for n in range(len(HOSTILE))], id_column="id", uri=path, collection_name="c")
    with open_collection(path, "c") as opened:
        yield opened


def found(collection, expression):
    return collection.connection.run(
        "look", lambda client: sorted(row["id"] for row in client.query("c", filter=expression, output_fields=["id"]))
    )


ANY_KEY = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=20),
    st.lists(st.sampled_from(['"', "'", "\\", " or ", "id", "==", "]", "\n"]), max_size=8).map("".join),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANY_KEY, min_size=1, max_size=5, unique=True))
def test_a_value_selects_itself_and_nothing_else(collection, keys):
    assert found(collection, one_of("id", keys)) == sorted(set(keys) & set(HOSTILE))
    assert found(collection, both("text != ''", none_of("id", keys))) == sorted(set(HOSTILE) - set(keys))

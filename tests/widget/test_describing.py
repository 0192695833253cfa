"""What clusters and selections are about, on a real collection."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer import ChatTitles, ClusterExplorerError
from waiting import until


def test_a_cluster_is_described_with_texts_and_metadata(explorer):
    report = explorer.describe(0)
    (words,) = {text.split(",")[0] for text in report.central.text}
    assert set(" ".join(report.keywords).split()) >= set(words.split())
    assert len(report.central) == 5
    assert set(report.central.id) <= set(explorer.ids_.tolist())
    section = report.metadata[report.metadata.field == "section"]
    assert section["count"].sum() == report.size
    assert (report.border.columns == ["id", "text", "probability", "toward", "leaving"]).all()


def test_the_clusters_are_a_table_as_beside_the_map(explorer, shown):
    explorer.recluster(min_samples=15, noise_threshold=0)
    explorer.rename_cluster(1, "My own")
    table = explorer.clusters
    assert table.index.name == "cluster"
    assert table["size"].is_monotonic_decreasing
    assert table["size"].sum() == 260
    for cluster, line in table.iterrows():
        own = explorer.labels_ == cluster
        assert line["size"] == (explorer.attached_labels_ == cluster).sum() == explorer.describe(cluster).size
        assert line.n_core == own.sum()
        assert line.probability == pytest.approx(explorer.probabilities_[own].mean(), abs=1e-6)
        assert line.keywords == explorer.describe(cluster).keywords
    assert (table["size"] > table.n_core).any()
    assert table.name[1] == "My own"
    listed = [cluster for cluster in shown.panel.widget.clusters if cluster["label"] >= 0]
    assert [(cluster["label"], cluster["name"], cluster["size"]) for cluster in listed] == [
        (cluster, line["name"], line["size"]) for cluster, line in table.iterrows()
    ]
    explorer.filter_values({"section": ["section 0"]})
    assert explorer.clusters["size"].sum() == 87
    explorer.clear_filter()
    explorer.filter_rows(f"key in {explorer.ids_[explorer.attached_labels_ == 2][:5].tolist()}")
    assert explorer.clusters["size"].to_dict() == {2: 5}


def test_without_clusters_the_table_is_empty(explorer):
    explorer.recluster(min_cluster_size=300)
    assert explorer.clusters.empty
    assert explorer.clusters.columns.tolist() == ["name", "size", "n_core", "keywords", "probability"]


def test_a_selection_is_explained_against_the_rest(explorer):
    explorer.select(cluster=0)
    found = explorer.describe_selection()
    assert found.value[0] in explorer.describe(0).keywords
    assert (found.q_value <= 0.05).all()
    explorer.clear_selection()
    assert explorer.describe_selection().empty


def test_near_duplicates_are_listed_group_by_group(explorer):
    found = explorer.near_duplicates(0.05)
    assert (found.groupby("group").representative.sum() == 1).all()
    assert found.groupby("group").size().is_monotonic_decreasing
    assert explorer.near_duplicates(0.0).empty
    with pytest.raises(ClusterExplorerError, match="no distance"):
        explorer.near_duplicates(-1)


def test_near_duplicates_have_the_clusters_of_the_table(explorer):
    explorer.recluster(min_samples=15, noise_threshold=0)
    found, table = explorer.near_duplicates(2.0), explorer.to_frame().set_index("id")
    assert (found.cluster != found.attached_cluster).any()
    for column in ("cluster", "attached_cluster"):
        assert found[column].tolist() == table.loc[found.id, column].tolist()


def test_titles_are_estimated_then_asked_for(explorer):
    explorer.titles = lambda sample: sample.texts[0].split(",")[0].title()
    assert explorer.estimate_titles().n_requests == 4
    results = explorer.title_clusters([0])
    assert results.titles[0].lower() == explorer.describe(0).central.text[0].split(",")[0]
    assert explorer.estimate_titles().n_cached == 1


def test_the_key_of_a_model_is_in_no_repr_and_no_trait(explorer):
    explorer.titles = ChatTitles(base_url="http://127.0.0.1:9/v1", model="m", api_key="sk-secret")
    assert "sk-secret" not in repr(explorer) + repr(explorer.titles) + repr(explorer.trait_values())
    with pytest.raises(ClusterExplorerError, match="ChatTitles"):
        explorer.titles = "gpt"


def whole(panel):
    return {"type": "about", "revision": panel.selection["revision"]}


def test_the_panel_is_told_what_a_whole_cluster_is_about(explorer, shown, browser):
    panel = shown.panel.widget
    assert panel.metadata_reading["state"] == "unread"
    explorer.select(cluster=0)
    browser.says(panel, whole(panel))
    about = until(lambda: browser.custom(panel, "about"))[-1]
    assert about["revision"] == panel.selection["revision"]
    assert about["cluster"]["size"] == len(explorer.selected_ids)
    assert len(about["cluster"]["central"]) == 5
    assert all(row["label"] == 0 for row in about["cluster"]["central"])
    assert about["cluster"]["shares"] is None
    assert about["metadata"] is None
    browser.says(panel, {"type": "read_metadata"})
    until(lambda: panel.metadata_reading["state"] == "read")
    browser.says(panel, whole(panel))
    about = until(lambda: [each for each in browser.custom(panel, "about") if each["metadata"] is not None])[-1]
    (section,) = about["cluster"]["shares"]
    assert sum(value["count"] for value in section["values"]) == about["n_rows"]


def test_part_of_a_cluster_is_explained_but_is_not_the_cluster(explorer, shown, browser):
    panel = shown.panel.widget
    explorer.select(ids=explorer.ids_[60:90])
    browser.says(panel, whole(panel))
    about = until(lambda: browser.custom(panel, "about"))[-1]
    assert about["cluster"] is None
    assert (about["n_rows"], about["n_others"]) == (30, 230)
    assert about["terms"][0]["share_inside"] == 1


def test_near_duplicates_are_listed_and_selected_in_the_panel(explorer, shown, browser):
    panel = shown.panel.widget
    browser.says(panel, {"type": "near_duplicates", "threshold": 0.3})
    found = until(lambda: browser.custom(panel, "near_duplicates"))[-1]
    expected = explorer.near_duplicates(0.3)
    assert found["n_groups"] == expected.group.nunique()
    assert found["groups"][0]["size"] == (expected.group == 0).sum()
    browser.says(panel, {"type": "select_duplicates", "revision": found["revision"], "group": 0})
    assert set(explorer.selected_ids) == set(expected[expected.group == 0].id)
    browser.says(panel, {"type": "select_duplicates", "revision": found["revision"], "group": None})
    assert set(explorer.selected_ids) == set(expected.id)
    browser.says(panel, {"type": "select_duplicates", "revision": found["revision"] - 1, "group": 0})
    assert set(explorer.selected_ids) == set(expected.id)
    # whoever chose among older groups is told, and does not wait for a selection
    assert [error["of"] for error in browser.custom(panel, "error")] == ["select_duplicates"]
    browser.says(panel, {"type": "near_duplicates", "threshold": -2})
    assert "no distance" in until(lambda: browser.custom(panel, "error")[1:])[-1]["message"]


def test_titles_are_estimated_asked_for_and_shown_in_the_panel(explorer, shown, browser):
    panel, asked = shown.panel.widget, []
    assert not panel.titling["available"]

    def titler(sample):
        asked.append(sample)
        if sample.label == 3:
            raise OSError("<b>no model</b>")
        return f"Title {sample.label}"

    explorer.titles = titler
    assert panel.titling["available"]
    browser.says(panel, {"type": "titles_estimate"})
    estimate = until(lambda: browser.custom(panel, "titles_estimate"))[-1]
    assert (estimate["n_requests"], estimate["leaves_machine"], asked) == (4, False, [])
    explorer.rename_cluster(2, "My own")
    browser.says(panel, {"type": "titles_start", "revision": estimate["revision"]})
    until(lambda: panel.titling["state"] == "done")
    assert (panel.titling["n_titles"], panel.titling["n_failed"]) == (2, 1)
    assert "no model" in panel.titling["message"]
    assert [sample.texts for sample in asked] == [
        tuple(shared["texts"]) for shared in estimate["samples"] if shared["label"] != 2
    ]
    names = {cluster["label"]: cluster["name"] for cluster in panel.clusters}
    assert (names[0], names[1], names[2]) == ("Title 0", "Title 1", "My own")
    assert names[3] == ", ".join(explorer.describe(3).keywords[:3])


def test_nothing_is_sent_that_was_not_shown(explorer, shown, browser):
    panel, asked = shown.panel.widget, []
    explorer.titles = lambda sample: asked.append(sample) or "title"
    explorer.rename_cluster(0, "My own")
    browser.says(panel, {"type": "titles_estimate"})
    estimate = until(lambda: browser.custom(panel, "titles_estimate"))[-1]
    # one cluster more than was shown
    explorer.rename_cluster(0, "")
    browser.says(panel, {"type": "titles_start", "revision": estimate["revision"]})
    until(lambda: panel.titling["state"] == "failed")
    assert "Nothing was sent" in panel.titling["message"]
    # counted anew since, for another view of the panel
    browser.says(panel, {"type": "titles_estimate"})
    newer = until(lambda: [e for e in browser.custom(panel, "titles_estimate") if e["revision"] > estimate["revision"]])
    browser.says(panel, {"type": "titles_start", "revision": estimate["revision"]})
    assert "counted anew" in browser.custom(panel, "error")[-1]["message"]
    # somebody else to be asked
    explorer.titles = lambda sample: asked.append(sample) or "another title"
    explorer.titles = ChatTitles(base_url="http://127.0.0.1:9/v1", model="m")
    browser.says(panel, {"type": "titles_start", "revision": newer[-1]["revision"]})
    until(lambda: "somebody else" in panel.titling["message"])
    assert asked == []


@pytest.fixture
def sectioned(explorer, shown):
    """The explorer, narrowed to the first of three sections; and which rows that leaves."""
    explorer.filter_values({"section": ["section 0"]})
    return explorer, np.arange(260) % 3 == 0


def about(explorer, browser):
    """Ask the panel's question about the selection, and return the answer."""
    panel = explorer._view.panel.widget
    browser.says(panel, whole(panel))
    return until(lambda: browser.custom(panel, "about"))[-1]


def test_under_a_filter_a_cluster_is_what_is_left_of_it(sectioned, browser):
    explorer, left = sectioned
    members = left & (explorer.attached_labels_ == 0)
    assert len(explorer.select(cluster=0)) == members.sum()
    found = about(explorer, browser)
    cluster = found["cluster"]
    assert (cluster["label"], cluster["size"]) == (0, members.sum())
    assert members[[row["row"] for row in cluster["central"]]].all()
    assert members[[row["row"] for row in cluster["border"]]].all()
    (shares,) = cluster["shares"]
    assert [(one["value"], one["share"], one["share_overall"]) for one in shares["values"]] == [("section 0", 1.0, 1.0)]
    assert explorer.describe(0).size == members.sum()
    assert set(explorer.describe(0).central.id) <= set(explorer.ids_[members])


def test_under_a_filter_a_selection_is_compared_with_what_is_left(sectioned, browser):
    explorer, left = sectioned
    explorer.select(cluster=0)
    frame = explorer.describe_selection()
    # every text that is left is of the section that was filtered for: it sets nothing apart
    assert set(frame.field) == {""}
    assert (frame.inside + frame.outside).max() <= left.sum()
    found = about(explorer, browser)
    assert found["n_rows"] + found["n_others"] == left.sum()
    assert found["metadata"] == []


def test_in_a_part_of_the_map_a_selection_is_compared_with_that_part(explorer, shown, browser):
    explorer.cluster_only(explorer.ids_[:120], "two groups")
    until(lambda: explorer.status.state == "ready")
    explorer.select(ids=explorer.ids_[:60])
    found = about(explorer, browser)
    assert (found["n_rows"], found["n_others"]) == (60, 60)
    assert found["terms"][0]["outside"] == 0


def test_near_duplicates_are_looked_for_among_what_a_filter_leaves(sectioned, browser):
    explorer, left = sectioned
    panel = explorer._view.panel.widget
    frame = explorer.near_duplicates(0.3)
    assert left[np.searchsorted(explorer.ids_, frame.id)].all()
    assert frame.groupby("group").size().min() >= 2
    browser.says(panel, {"type": "near_duplicates", "threshold": 0.3})
    found = until(lambda: browser.custom(panel, "near_duplicates"))[-1]
    assert found["n_rows"] == len(frame)
    browser.says(panel, {"type": "select_duplicates", "revision": found["revision"], "group": 0})
    assert len(explorer.selected_ids) == found["groups"][0]["size"]
    explorer.clear_filter()
    assert len(explorer.near_duplicates(0.3)) > len(frame)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from milvus_lite.search.filter import parse_expr

from cluster_explorer.milvus.expressions import both, greater_than, literal, one_of

# milvus-lite's parser is Milvus' filter grammar in Python: what it reads back is what a database would see
_texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(_texts)
def test_a_string_stays_one_value_whatever_it_holds(text):
    assert parse_expr(f"id == {literal(text)}").right.value == text


@given(st.lists(_texts, min_size=1, max_size=5))
def test_a_list_of_strings_stays_a_list(texts):
    assert [element.value for element in parse_expr(one_of("id", texts)).values.elements] == texts


@given(st.integers(0, 2**63 - 1))
def test_integers_keep_every_digit(number):
    assert parse_expr(greater_than("id", number)).right.value == number


def test_an_or_in_the_users_filter_stays_inside_it():
    tree = parse_expr(both("id > 5", "a == 1 or b == 2"))
    assert type(tree).__name__ == "And"

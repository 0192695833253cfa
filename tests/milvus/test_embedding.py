"""Embedding functions of every kind, and what they do wrong."""

from __future__ import annotations

import traceback
from functools import partial

import numpy as np
import pytest

from cluster_explorer.embedding import embed_query, embed_texts
from cluster_explorer.errors import Cancelled, EmbeddingError, InvalidParameterError

TEXTS = [f"text {'x' * number}" for number in range(10)]
EXPECTED = np.array([[len(text), 1] for text in TEXTS], dtype=np.float32)


def lengths(texts):
    return np.array([[len(text), 1] for text in texts])


class LikePymilvusModel:
    """As `pymilvus.model.dense` functions: lists of arrays, documents and queries apart."""

    def encode_documents(self, texts):
        return list(lengths(texts).astype(np.float64))

    def encode_queries(self, texts):
        return list(-lengths(texts).astype(np.float64))


class LikeBgeM3:
    """As `BGEM3EmbeddingFunction`: a dict of dense and sparse vectors."""

    def encode_documents(self, texts):
        return {"dense": list(lengths(texts).astype(np.float16)), "sparse": object()}


@pytest.mark.parametrize(
    "function",
    [
        lengths,
        lambda texts: lengths(texts).tolist(),
        lambda texts: tuple(lengths(texts)),
        LikePymilvusModel(),
        LikeBgeM3(),
    ],
)
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_one_vector_per_text_in_their_order(function, batch_size):
    vectors = embed_texts(function, TEXTS, batch_size=batch_size)
    np.testing.assert_array_equal(vectors, EXPECTED)
    assert vectors.dtype == np.float32


def test_queries_are_embedded_as_queries_where_the_function_tells_them_apart():
    np.testing.assert_array_equal(embed_query(LikePymilvusModel(), "abc"), [-3, -1])
    np.testing.assert_array_equal(embed_query(LikeBgeM3(), "abc"), [3, 1])
    np.testing.assert_array_equal(embed_query(lengths, "abc"), [3, 1])


def test_no_texts_need_no_function_call():
    assert embed_texts(lengths, []).shape == (0, 0)


def test_progress_and_cancel():
    shares = []
    embed_texts(lengths, TEXTS, batch_size=4, on_progress=shares.append)
    assert shares == [0.4, 0.8, 1.0]

    def stop(share):
        raise Cancelled

    with pytest.raises(Cancelled):
        embed_texts(lengths, TEXTS, batch_size=4, on_progress=stop)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda texts: lengths(texts)[:-1], r"3 vectors for 4 texts \(rows 4 to 7\)"),
        (lambda texts: lengths([*texts, "x"]), r"5 vectors for 4 texts"),
        (lambda texts: 7, r"array of shape \(\)"),
        (lambda texts: None, "array"),
        (lambda texts: "vectors", "not an array of numbers"),
        (lambda texts: [[1, 2], [1], [1, 2], [1, 2]], "not an array of numbers"),
        (lambda texts: lengths(texts)[0], r"array of shape \(2,\)"),
        (lambda texts: [[], [], [], []], r"array of shape \(4, 0\)"),
        (lambda texts: {"sparse": 1}, r"without 'dense' vectors \(its keys: \['sparse'\]\)"),
        (lambda texts: [[np.nan, 1]] * 4, r"NaN or infinite values: 4 found \(rows 4, 5, 6, 7\)"),
        (lambda texts: [[np.inf, 1]] * 4, "NaN or infinite"),
    ],
)
def test_what_is_not_one_finite_vector_a_text_is_named(function, said):
    def wrong_in_the_second_call(texts):
        return lengths(texts) if TEXTS[0] in texts else function(texts)

    with pytest.raises(EmbeddingError, match=said):
        embed_texts(wrong_in_the_second_call, TEXTS, batch_size=4)


def test_vectors_that_change_their_length_between_calls():
    with pytest.raises(EmbeddingError, match="of 3 numbers for rows 4 and on, and of 2 before"):
        embed_texts(lambda texts: np.ones((len(texts), 2 if TEXTS[0] in texts else 3)), TEXTS, batch_size=4)


def test_an_error_of_the_function_is_told_and_kept():
    def broken(texts):
        raise TimeoutError("the service is asleep")

    with pytest.raises(EmbeddingError, match="rows 0 to 9: TimeoutError: the service is asleep") as caught:
        embed_texts(broken, TEXTS)
    assert isinstance(caught.value.__cause__, TimeoutError)


KEY = "0d4e1b-s3cr3t"


class Client:
    def __init__(self):
        self.headers = {"X-Api-Key": KEY}


class LikeHostedFunction:
    """As functions of pymilvus-model for hosted services, which keep the key in a client."""

    def __init__(self):
        self._client = Client()

    def encode_documents(self, texts):
        raise ValueError(f"cannot embed {texts[0]!r} with {self._client.headers}")

    encode_queries = encode_documents


def closed_over(key):
    def embed(texts):
        raise ValueError(f"cannot embed {texts[0]!r}: key {key} has expired")

    return embed


def chained(texts):
    try:
        closed_over(f"'Bearer jina_{KEY}\\n'")(texts)
    except ValueError as error:
        raise ConnectionError("cannot embed 'text '") from error


@pytest.mark.parametrize(
    "function",
    [
        LikeHostedFunction(),
        closed_over(KEY),
        partial(lambda texts, api_key: closed_over(api_key)(texts), api_key=KEY),
        chained,
    ],
)
def test_the_key_of_a_function_is_in_no_message_and_no_traceback(function):
    for attempt in (lambda: embed_texts(function, TEXTS), lambda: embed_query(function, TEXTS[0])):
        with pytest.raises(EmbeddingError, match=r"(ValueError|ConnectionError): cannot embed 'text '") as caught:
            attempt()
        said = "".join(traceback.format_exception(caught.value))
        assert "s3cr3t" not in said
        # where it failed is still told
        assert "test_embedding.py" in said.partition("The above exception")[0]


def test_a_configuration_given_instead_of_a_function_is_not_repeated():
    with pytest.raises(InvalidParameterError, match=r"a dict\) cannot embed") as caught:
        embed_texts({"api_key": "s3cr3t"}, TEXTS)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("nonsense", [7, "bge-m3", None])
def test_what_cannot_embed(nonsense):
    with pytest.raises(InvalidParameterError, match="callable"):
        embed_texts(nonsense, TEXTS)
    with pytest.raises(InvalidParameterError, match="batch_size=0"):
        embed_texts(lengths, TEXTS, batch_size=0)

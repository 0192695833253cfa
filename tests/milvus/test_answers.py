"""What a server answers instead of rows: that it is not ready, that there is no collection; or nothing in time."""

from __future__ import annotations

import threading
import time
from collections import deque

import numpy as np
import pytest

from cluster_explorer.errors import (
    CollectionNotFoundError,
    MessageTooLargeError,
    MilvusOperationError,
    RequestRefusedError,
    ServerNotReadyError,
)
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection

TEXTS = [f"text {number}" for number in range(20)]


@pytest.fixture
def answers():
    """The statuses that the server answers its next queries with."""
    return deque()


@pytest.fixture
def greetings():
    """The statuses that the server answers with to who connects next."""
    return deque()


@pytest.fixture
def answering(tmp_path, serve, answers, greetings):
    """Milvus Lite served over TCP, holding `TEXTS`, that answers as it is told, and never who asks for what is slow."""
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from pymilvus.grpc_gen import common_pb2, milvus_pb2

    class Answering(MilvusServicer):
        def Query(self, request, context):  # noqa: N802 - gRPC's name
            if "slow" in request.expr:
                given_up = threading.Event()
                context.add_callback(given_up.set)
                given_up.wait(60)
            if answers:
                return milvus_pb2.QueryResults(status=common_pb2.Status(**answers.popleft()))
            return super().Query(request, context)

        def Connect(self, request, context):  # noqa: N802 - gRPC's name
            if greetings:
                return milvus_pb2.ConnectResponse(status=common_pb2.Status(**greetings.popleft()))
            return super().Connect(request, context)

    path = tmp_path / "answering.db"
    ingest(TEXTS, vectors=np.eye(len(TEXTS)), uri=path, collection_name="c")
    with serve(path, servicer=Answering) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "status",
    [
        {"code": 1, "error_code": 56, "reason": "service not ready[proxy=1]: Initializing", "retriable": True},
        {"code": 1, "reason": "service not ready[proxy=1]: Initializing"},
        {"code": 4, "error_code": 1, "reason": "too many concurrent requests, queue is full[limit=1024]"},
        {"code": 103, "reason": "collection not fully loaded[collection=1]"},
        {"code": 106, "reason": "collection on recovering[collection=1]"},
        {"code": 65_537, "reason": "service not ready"},
        {"code": 2_200, "reason": "inconsistent requery result", "retriable": True},
    ],
    ids=lambda status: str(status["code"]),
)
def test_a_server_that_says_that_it_is_not_ready_is_waited_for(answering, answers, status):
    with open_collection(answering, "c") as collection:
        answers.extend([status] * 3)
        rows = collection.scan()
        assert not answers
    assert sorted(rows.texts) == sorted(TEXTS)


def test_a_server_that_is_starting_is_waited_for_when_it_is_connected_to(answering, greetings):
    starting = {"code": 1, "reason": "service not ready[proxy=1]: Initializing"}
    greetings.extend([starting] * 3)
    with open_collection(answering, "c") as collection:
        assert not greetings
        assert collection.count() == len(TEXTS)
    greetings.extend([starting] * 100)
    with pytest.raises(
        MilvusOperationError, match=r"^Cannot connect: Milvus at .* not ready for that \(service not ready"
    ):
        open_collection(answering, "c", timeout=1)


def test_a_server_that_stays_busy_is_told_in_a_sentence_when_the_time_is_over(answering, answers):
    with open_collection(answering, "c", timeout=1) as collection:
        answers.extend([{"code": 4, "reason": "queue is full"}] * 100)
        started = time.monotonic()
        with pytest.raises(ServerNotReadyError, match=r"not ready for that \(queue is full\)\. Try again"):
            collection.scan()
        assert time.monotonic() - started < 10


def test_what_waiting_does_not_change_is_told_at_once(answering, answers):
    with open_collection(answering, "c") as collection:
        answers.extend([{"code": 1, "reason": "division by zero"}] * 2)
        with pytest.raises(RequestRefusedError, match="division by zero"):
            collection.scan()
        assert len(answers) == 1


@pytest.mark.parametrize("codes", [{"code": 100, "error_code": 4}, {"code": 100}, {"error_code": 4}], ids=str)
def test_a_collection_that_was_dropped_is_told_by_old_codes_and_new_ones(answering, answers, codes):
    with open_collection(answering, "c") as collection:
        answers.append({**codes, "reason": "can't find collection"})
        with pytest.raises(CollectionNotFoundError, match="can't find collection"):
            collection.scan()


def test_a_deadline_that_the_server_met_is_told_as_one(answering, answers):
    with open_collection(answering, "c") as collection:
        for status in (
            {"code": 10_001, "reason": "stack trace: deadline"},
            {"code": 65_535, "reason": "failed to query: attempt #0: context deadline exceeded"},
        ):
            answers.append(status)
            with pytest.raises(MilvusOperationError, match="did not answer within 30 s"):
                collection.matching("id >= 0")


def test_a_server_that_does_not_answer_in_time_is_not_told_as_a_wrong_filter(answering):
    slow = r"^Cannot read collection 'c': Milvus at .* did not answer within 1 s"
    with open_collection(answering, "c", timeout=1) as collection:
        with pytest.raises(MilvusOperationError, match=slow):
            collection.matching('text == "slow"')
        # instead of reading every text
        with pytest.raises(MilvusOperationError, match=slow):
            collection.holding_words(["slow"], 10)
    # it answers without the filter
    with pytest.raises(MilvusOperationError, match=slow):
        open_collection(answering, "c", filter='text == "slow"', timeout=1)


def test_a_connection_closed_under_a_question_is_told_as_that(answering):
    with open_collection(answering, "c") as collection:

        def close(share):
            collection.close()

        with pytest.raises(MilvusOperationError, match=r"^Cannot read collection 'c': the connection .* was closed"):
            collection.matching("id >= 0", on_progress=close)


def test_a_question_too_large_for_the_server_is_told_as_that(tmp_path, serve):
    ingest(TEXTS, vectors=np.eye(len(TEXTS)), uri=tmp_path / "narrow.db", collection_name="c")
    narrow = [("grpc.max_receive_message_length", 10_000)]
    with (
        serve(tmp_path / "narrow.db", options=narrow) as port,
        open_collection(f"http://127.0.0.1:{port}", "c") as collection,
    ):
        for ask in (
            lambda: collection.matching(f"id in {list(range(10_000))}"),
            lambda: collection.holding_words(["x" * 10_000], 10),
        ):
            with pytest.raises(MessageTooLargeError, match=r"message is too large.*Shorten .* the filter"):
                ask()


def test_a_database_that_is_not_listed_to_everyone_can_be_read(tmp_path, serve):
    import grpc

    class ListsNothing(grpc.ServerInterceptor):
        def intercept_service(self, continuation, details):
            if not details.method.endswith("/ListDatabases"):
                return continuation(details)

            def deny(request, context):
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "PrivilegeListDatabases: permission deny for reader")

            return grpc.unary_unary_rpc_method_handler(deny)

    ingest(TEXTS, vectors=np.eye(len(TEXTS)), uri=tmp_path / "secret.db", collection_name="c")
    with (
        serve(tmp_path / "secret.db", interceptors=[ListsNothing()]) as port,
        open_collection(f"http://127.0.0.1:{port}", "c", db_name="default") as collection,
    ):
        assert sorted(collection.scan().texts) == sorted(TEXTS)

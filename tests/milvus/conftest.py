"""Real databases: Milvus Lite in this process, and Milvus Lite served over TCP by a process of its own."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest

from cluster_explorer.milvus.connection import connect
from components import OUTCOMES
from environments import bge_m3_python, oldest_pymilvus, pymilvus_folder
from milvus_server import GUARDED_TOKEN, VERSION, CannotRunError, MilvusServer, free_port, installed
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_names = itertools.count()


@contextmanager
def component(request: pytest.FixtureRequest, name: str) -> Iterator[None]:
    """Note whether a real component could be used; skip what needs it where it could not."""
    try:
        yield
    except CannotRunError as reason:
        request.config.stash[OUTCOMES][name] = f"NOT TESTED: {reason}"
        pytest.skip(f"{name}: {reason}")
    request.config.stash[OUTCOMES][name] = "tested"


#: Milvus Lite closes its database when it is interrupted, not when it is terminated.
_SERVER = """
import signal
from milvus_lite.cmdline import main
signal.signal(signal.SIGTERM, signal.default_int_handler)
main()
"""


class LiteServer:
    """`milvus-lite server` on a port of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def start(self) -> None:
        if self._ended:
            return
        command = [sys.executable, "-c", _SERVER, "server"]
        command += ["--data-dir", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, 60)

    def end(self) -> None:
        """Kill it for good: a thread of a failed test cannot start it again."""
        self._ended = True
        self.kill()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def restart(self) -> None:
        """End it with time to tidy up (killed while it writes an index, it cannot load that again), and start it."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)
        self.start()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Stop the process as it is: connections stay open, and nothing answers."""
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        process.suspend()
        until(lambda: process.status() == psutil.STATUS_STOPPED, 10)
        try:
            yield
        finally:
            process.resume()

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "milvus-lite server ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


@pytest.fixture(scope="session")
def lite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    server = LiteServer(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.end()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LiteServer]:
    """A server for tests that kill or stop it."""
    server = LiteServer(tmp_path / "server")
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def milvus_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """The real server, with authentication on."""
    yield from real_server(request, tmp_path_factory.mktemp("milvus"))


@pytest.fixture
def own_milvus_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MilvusServer]:
    """A real server for tests that kill or stop it."""
    yield from real_server(request, tmp_path)


def real_server(request: pytest.FixtureRequest, folder: Path) -> Iterator[MilvusServer]:
    with component(request, f"Milvus server {VERSION}"):
        server = MilvusServer(installed(), folder)
        server.start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def oldest(request: pytest.FixtureRequest) -> Path:
    """The oldest pymilvus that is allowed, to be put first on the path."""
    with component(request, f"pymilvus {oldest_pymilvus()}"):
        return pymilvus_folder(oldest_pymilvus())


@pytest.fixture(scope="session")
def bge_m3(request: pytest.FixtureRequest) -> Path:
    """The interpreter of an environment with torch and BGE-M3's code."""
    with component(request, "BGE-M3 with torch"):
        return bge_m3_python()


@pytest.fixture(params=["lite", "server"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database: a file, and a server, one after the other."""
    if request.param == "lite":
        return str(tmp_path / "news.db")
    return str(request.getfixturevalue("lite_server").uri)


@pytest.fixture(scope="session", params=["lite", "server"])
def shared_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database for collections that many tests read and none changes."""
    if request.param == "lite":
        return str(tmp_path_factory.mktemp("shared") / "shared.db")
    return str(request.getfixturevalue("lite_server").uri)


@pytest.fixture
def collection_name() -> str:
    """A name that no other test uses: the server is shared."""
    return new_name()


def new_name() -> str:
    return f"collection_{next(_names)}"


@pytest.fixture
def milvus() -> Callable[..., Any]:
    """A plain pymilvus client, for collections as other programs make them."""

    @contextmanager
    def opened(uri: str) -> Iterator[Any]:
        connection = connect(uri, token=None, db_name="", timeout=30, create=True)
        try:
            yield connection.run("prepare a test", lambda client: client)
        finally:
            connection.close()

    return opened


@pytest.fixture
def make(milvus: Callable[..., Any], uri: str, collection_name: str) -> Callable[..., None]:
    """Make a collection from fields given as (name, type, options), and put rows into it."""

    def made(
        *fields: tuple[str, str, dict[str, Any]],
        rows: list[dict[str, Any]] | None = None,
        index: dict[str, str] | None = None,
        dynamic: bool = False,
        auto_id: bool = False,
    ) -> None:
        from pymilvus import DataType

        with milvus(uri) as client:
            schema = client.create_schema(auto_id=auto_id, enable_dynamic_field=dynamic)
            for name, type_name, options in fields:
                schema.add_field(name, DataType[type_name], **options)
            params = client.prepare_index_params()
            for name, metric in (index or {}).items():
                kind = "SPARSE_INVERTED_INDEX" if name == "sparse" else "FLAT"
                params.add_index(name, index_type=kind, metric_type=metric)
            client.create_collection(collection_name, schema=schema, index_params=params)
            if rows:
                client.insert(collection_name, rows)
                client.flush(collection_name)

    return made


KEY = ("id", "INT64", {"is_primary": True})
STRING_KEY = ("id", "VARCHAR", {"is_primary": True, "max_length": 256})
VECTOR = ("vector", "FLOAT_VECTOR", {"dim": 4})
TEXT = ("text", "VARCHAR", {"max_length": 1000})


@pytest.fixture
def fields() -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {"key": KEY, "string_key": STRING_KEY, "vector": VECTOR, "text": TEXT}


@pytest.fixture(scope="session")
def vectors() -> Callable[[int, int], np.ndarray]:
    """Reproducible unit vectors."""

    def made(n: int, dim: int = 4) -> np.ndarray:
        values = np.random.default_rng(n).standard_normal((n, dim)).astype(np.float32)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    return made


@pytest.fixture
def guarded_server(tmp_path):
    """Milvus Lite served over TCP that asks for a token, as a server with authentication does."""
    import base64

    import grpc

    class AsksForToken(grpc.ServerInterceptor):
        def intercept_service(self, continuation, details):
            given = dict(details.invocation_metadata).get("authorization", "")
            if base64.b64decode(given).decode() == GUARDED_TOKEN:
                return continuation(details)

            def refuse(request, context):
                # as some do, it repeats what it was sent
                said = f"auth check failure, please check api key [{base64.b64decode(given).decode()}] is correct"
                context.abort(grpc.StatusCode.UNAUTHENTICATED, said)

            return grpc.unary_unary_rpc_method_handler(refuse)

    from cluster_explorer.ingest import ingest

    ingest(["a", "b"], vectors=np.eye(2), uri=tmp_path / "guarded.db", collection_name="c")
    with served(tmp_path / "guarded.db", interceptors=[AsksForToken()]) as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
def deaf_server(tmp_path):
    """Milvus Lite served over TCP that takes no notice of filters."""
    from milvus_lite.adapter.grpc.servicer import MilvusServicer

    class Deaf(MilvusServicer):
        def Query(self, request, context):  # noqa: N802 - gRPC's name
            request.expr = ""
            return super().Query(request, context)

    with served(tmp_path / "deaf.db", servicer=Deaf) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def garbled_server(tmp_path):
    """Milvus Lite served over TCP whose dynamic fields cannot be decoded once it is told to garble them."""
    from milvus_lite.adapter.grpc.servicer import MilvusServicer

    class Garbling(MilvusServicer):
        garbles = False

        def Query(self, request, context):  # noqa: N802 - gRPC's name
            answer = super().Query(request, context)
            for field in answer.fields_data if Garbling.garbles else ():
                if field.is_dynamic:
                    field.scalars.json_data.data[:] = [b'{"text": "tru'] * len(field.scalars.json_data.data)
            return answer

    def garble():
        Garbling.garbles = True

    with served(tmp_path / "garbled.db", servicer=Garbling) as port:
        yield f"http://127.0.0.1:{port}", garble


@pytest.fixture
def serve():
    """`served`, for servers that one test file alone needs."""
    return served


@contextmanager
def served(path, *, servicer=None, interceptors=(), options=()):
    from concurrent import futures

    import grpc
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from milvus_lite.db import MilvusLite
    from pymilvus.grpc_gen import milvus_pb2_grpc

    database = MilvusLite(str(path))
    server = grpc.server(futures.ThreadPoolExecutor(4), interceptors=interceptors, options=options)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server((servicer or MilvusServicer)(database), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()
        database.close()

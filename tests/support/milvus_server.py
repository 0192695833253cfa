"""The standalone server that PyPI's `milvus` carries, as a plugin of the tests: installed once, started once."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cluster_explorer.errors import ClusterExplorerError, CollectionNotFoundError
from cluster_explorer.milvus import open_collection
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "2.3.5"
TOKEN = "root:Milvus"
#: What the guarded server of the tests asks for, which is Milvus Lite behind an interceptor.
GUARDED_TOKEN = "zilliz-7f3a9c-secret"

# Runs in the environment of the server: its program is packed, and its configuration a template.
_UNPACK = "import sys, milvus; milvus._initialize_data_files(sys.argv[1])"
_CONFIGURE = """
import json, sys, milvus
config = milvus.MilvusServerConfig(data_dir=sys.argv[1])
for name, value in json.loads(sys.argv[2]).items():
    config.configs[name] = value
    config.set(name, value)
config.resolve()
"""


class CannotRunError(Exception):
    """The server cannot run here; the message says why."""


class MilvusServer:
    """A server with authentication, in a process group of its own, on ports that nobody else uses.

    Its launcher always takes etcd's own port, so that a host could run one server only; its parts are used instead.
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._home = home
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def start(self) -> None:
        if self._ended:
            return
        if not (self._folder / "configs" / "milvus.yaml").exists():
            self._configure()
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._home / "unpacked" / "bin" / "milvus"), "run", "standalone"],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,
            )
        process = self._process
        try:
            until(lambda: process.poll() is not None or self._answers(), what="the server to answer")
            assert process.poll() is None, "the server has ended"
        except AssertionError as reason:
            self.kill()
            log_file = self._folder / "server.log"
            raise CannotRunError(f"milvus-server {VERSION} did not start ({reason}); see {log_file}") from reason

    def _configure(self) -> None:
        settings = {"proxy_port": self.port, "authorization_enabled": True, "etcd_port": free_port()}
        _run([str(self._home / "bin" / "python"), "-c", _CONFIGURE, str(self._folder), json.dumps(settings)])
        etcd, peers = (f"http://127.0.0.1:{port}" for port in (settings["etcd_port"], free_port()))
        etcd_settings = {
            "name": "default",
            "listen-client-urls": etcd,
            "advertise-client-urls": etcd,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
        }
        file = self._folder / "configs" / "etcd.yaml"
        file.write_text(json.dumps(etcd_settings), encoding="utf-8")
        main = self._folder / "configs" / "milvus.yaml"
        text = main.read_text(encoding="utf-8").replace("etcd:\n", f"etcd:\n  config:\n    path: {file}\n", 1)
        main.write_text(text, encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(free_port()),
            "MILVUS_RUN_DIR": str(self._folder / "run"),
            "LD_LIBRARY_PATH": str(self._home / "unpacked" / "bin"),
        }

    def kill(self) -> None:
        """End the server and the processes it started, without a chance to tidy up."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait(30)

    def end(self) -> None:
        """Kill it for good: a thread of a failed test cannot start it again."""
        self._ended = True
        self.kill()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Stop its processes as they are: connections stay open, and nothing answers."""
        assert self._process is not None
        process = psutil.Process(self._process.pid)
        os.killpg(process.pid, signal.SIGSTOP)
        until(lambda: process.status() == psutil.STATUS_STOPPED, 10)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            open_collection(self.uri, "nothing", token=TOKEN, timeout=2).close()
        except CollectionNotFoundError:
            return True
        except ClusterExplorerError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def installed() -> Path:
    """Install the server into a virtual environment of its own under the user's cache folder, unless it is there."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise CannotRunError(f"PyPI's milvus=={VERSION} runs on x86-64 Linux only")
    home = cache_folder() / f"milvus-{VERSION}"
    complete = home / "unpacked" / "complete"
    if not complete.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        # several test runs may start at once
        with (home.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                _install(home)
                complete.touch()
    return home


def cache_folder() -> Path:
    """Where tests keep what takes long to install."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cluster-explorer"


def _install(home: Path) -> None:
    try:
        if not (home / "bin" / "milvus-server").exists():
            shutil.rmtree(home, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(home)])
            _run([str(home / "bin" / "pip"), "install", "--quiet", f"milvus=={VERSION}", "setuptools<81"])
        _run([str(home / "bin" / "python"), "-c", _UNPACK, str(home / "unpacked")])
    except CannotRunError as error:
        shutil.rmtree(home, ignore_errors=True)
        raise CannotRunError(f"milvus=={VERSION} could not be installed: {error}") from None


def _run(command: list[str]) -> None:
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
    if ran.returncode:
        raise CannotRunError(ran.stdout.decode(errors="replace").strip()[-300:])

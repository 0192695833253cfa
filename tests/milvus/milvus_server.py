"""The standalone server that PyPI's `milvus` carries, as a plugin of the tests: installed once, started once."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cluster_explorer.errors import ClusterExplorerError, CollectionNotFoundError
from cluster_explorer.milvus import open_collection

VERSION = "2.3.5"
TOKEN = "root:Milvus"


class CannotRunError(Exception):
    """The server cannot run here; the message says why."""


class MilvusServer:
    """A server with authentication, in a process group of its own."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # The launcher writes the configuration, and takes another port when the old one has just been in use: a restart
        # runs the server itself.
        again = (self._folder / "configs" / "milvus.yaml").exists()
        command = self._server() if again else self._launcher()
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, env=self._environment(), start_new_session=True
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise CannotRunError(f"milvus-server {VERSION} did not start; see {self._folder / 'server.log'}")
            time.sleep(0.2)

    def _launcher(self) -> list[str]:
        options = ["--data", str(self._folder), "--proxy-port", str(self.port), "--authorization-enabled", "true"]
        return [str(self._program), *options]

    def _server(self) -> list[str]:
        return [str(self._folder / "bin" / "milvus"), "run", "standalone"]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(free_port()),
            "MILVUS_RUN_DIR": str(self._folder / "run"),
            "LD_LIBRARY_PATH": str(self._folder / "bin"),
        }

    def kill(self) -> None:
        """End the server and the processes it started, without a chance to tidy up."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait(30)

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


def installed_program() -> Path:
    """Install the server into a virtual environment of its own under the user's cache folder, unless it is there."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise CannotRunError(f"PyPI's milvus=={VERSION} runs on x86-64 Linux only")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cluster-explorer"
    home = cache / f"milvus-{VERSION}"
    if not (home / "bin" / "milvus-server").exists():
        cache.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(home, ignore_errors=True)
        _install(home)
    return home / "bin" / "milvus-server"


def _install(home: Path) -> None:
    steps = (
        [sys.executable, "-m", "venv", str(home)],
        [str(home / "bin" / "pip"), "install", "--quiet", f"milvus=={VERSION}", "setuptools<81"],
    )
    with tempfile.TemporaryFile("w+") as output:
        for step in steps:
            if subprocess.run(step, stdout=output, stderr=output, timeout=600, check=False).returncode:
                output.seek(0)
                shutil.rmtree(home, ignore_errors=True)
                raise CannotRunError(f"milvus=={VERSION} could not be installed: {output.read().strip()[-300:]}")

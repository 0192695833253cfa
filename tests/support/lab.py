"""A real JupyterLab on a free port, with a notebook driven through a real browser and watched through its kernel."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client import BlockingKernelClient

from waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

TOKEN = "browser-tests"
AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
QUIET = {"fetchNews": "false", "checkForUpdates": False}


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Look until `condition` returns something true, and return it."""
    return until(condition, seconds, what)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """Serve a folder with JupyterLab; its settings, kernels and logs stay inside a folder beside it."""
    private = folder.parent / f"{folder.name}-private"
    settings = private / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
    port = free_port()
    environment = {
        **os.environ,
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "IPYTHONDIR": str(private / "ipython"),
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        *(f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url="),
        *(f"--LabApp.user_settings_dir={private / 'settings'}", f"--LabApp.workspaces_dir={private / 'workspaces'}"),
    ]
    with (private / "lab.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        lab = Lab(f"http://127.0.0.1:{port}", folder, private / "runtime")
        try:
            wait_until(lab.answers, f"JupyterLab to start; its log is {private / 'lab.log'}")
            yield lab
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


class Lab:
    """A running JupyterLab."""

    def __init__(self, url: str, folder: Path, runtime: Path) -> None:
        self.url = url
        self.folder = folder
        self.runtime = runtime

    def get(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)

    def answers(self) -> bool:
        try:
            return bool(self.get("/api/status"))
        except OSError:
            return False

    @contextmanager
    def open(self, page: Page, notebook: str) -> Iterator[Notebook]:
        """Open a notebook of the folder, as a person would see it, with a fresh kernel."""
        page.goto(f"{self.url}/lab/tree/{notebook}?reset&token={TOKEN}")
        page.wait_for_function("() => window.jupyterapp && window.jupyterapp.shell.currentWidget?.context?.isReady")
        page.keyboard.press("Control+b")
        session = wait_until(lambda: self._session(notebook), f"a kernel for {notebook}")
        kernel = Kernel(self.runtime / f"kernel-{session['kernel']['id']}.json")
        try:
            yield Notebook(page, kernel)
        finally:
            kernel.close()
            request = urllib.request.Request(
                f"{self.url}/api/sessions/{session['id']}", headers={"Authorization": f"token {TOKEN}"}, method="DELETE"
            )
            urllib.request.urlopen(request, timeout=30).close()

    def _session(self, notebook: str) -> Any:
        sessions = [session for session in self.get("/api/sessions") if session["path"] == notebook]
        return sessions[0] if sessions and sessions[0]["kernel"]["execution_state"] == "idle" else None


class Kernel:
    """The kernel behind a notebook, asked directly and not through the page."""

    def __init__(self, connection_file: Path) -> None:
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def ask(self, expression: str, timeout: float = 60.0) -> Any:
        """Evaluate an expression in the notebook's namespace; its value must be representable as JSON."""
        wrapped = {"answer": f"__import__('json').dumps({expression})"}
        reply = self._client.execute("", silent=True, user_expressions=wrapped, reply=True, timeout=timeout)
        answer = reply["content"]["user_expressions"]["answer"]
        if answer["status"] != "ok":
            raise RuntimeError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        text = answer["data"]["text/plain"]
        import ast

        return json.loads(ast.literal_eval(text))

    def run(self, code: str, timeout: float = 120.0) -> None:
        reply = self._client.execute(code, silent=True, reply=True, timeout=timeout)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))

    def close(self) -> None:
        self._client.stop_channels()


class Notebook:
    """An open notebook: the page, the kernel behind it, and where things are on the screen."""

    def __init__(self, page: Page, kernel: Kernel) -> None:
        self.page = page
        self.kernel = kernel

    def run_all(self) -> None:
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    @property
    def explorer(self) -> Locator:
        return self.page.locator(".ce-root").first

    @property
    def panel(self) -> Locator:
        return self.page.locator(".ce-side").first

    def wait_for_map(self, seconds: float = 90.0) -> None:
        """Wait until the map has been drawn and its points can be hovered."""
        self.page.locator(".ce-root .js-plotly-plot .main-svg").first.wait_for(timeout=seconds * 1000)
        wait_until(lambda: self.drawn_points() > 0, "points on the map", seconds)
        self.explorer.scroll_into_view_if_needed()

    def drawn_points(self) -> int:
        return int(
            self.page.evaluate(
                """() => {
                    const plot = document.querySelector('.ce-root .js-plotly-plot')
                    return plot?._fullData?.[0]?.x?.length ?? 0
                }"""
            )
        )

    def drawn_type(self) -> str:
        return str(
            self.page.evaluate("() => document.querySelector('.ce-root .js-plotly-plot')?._fullData?.[0]?.type ?? ''")
        )

    def drawn_colors(self) -> list[int]:
        """Return the colour codes that the map draws, as the page holds them."""
        codes = self.page.evaluate(
            "() => Array.from(document.querySelector('.ce-root .js-plotly-plot')._fullData[0].marker.color)"
        )
        return [int(code) for code in codes]

    def drawn_positions(self) -> list[list[float]]:
        return self.page.evaluate(
            """() => {
                const trace = document.querySelector('.ce-root .js-plotly-plot')._fullData[0]
                return Array.from(trace.x).map((x, i) => [x, trace.y[i]])
            }"""
        )

    def map_box(self) -> dict[str, float]:
        """Return where the map's plotting area is on the screen, in pixels."""
        box = self.page.locator(".ce-root .js-plotly-plot .nsewdrag").first.bounding_box()
        assert box is not None
        return dict(box)

    def pixel_of(self, x: float, y: float) -> tuple[float, float]:
        """Return where a position of the map is on the screen."""
        pixel = self.page.evaluate(
            """([x, y]) => {
                const plot = document.querySelector('.ce-root .js-plotly-plot')
                const box = plot.getBoundingClientRect()
                const {xaxis, yaxis} = plot._fullLayout
                return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]
            }""",
            [x, y],
        )
        return float(pixel[0]), float(pixel[1])

    def empty_place(self) -> tuple[float, float]:
        """Return a place of a flat map, as it is seen now, that is as far from all points as can be."""
        place = self.page.evaluate(
            """() => {
                const plot = document.querySelector('.ce-root .js-plotly-plot')
                const box = plot.getBoundingClientRect()
                const {xaxis, yaxis} = plot._fullLayout
                const trace = plot._fullData[0]
                const points = Array.from(trace.x).map((x, i) => [xaxis.d2p(x), yaxis.d2p(trace.y[i])])
                const places = []
                // not where the legend and the buttons are
                for (let x = 0.25; x <= 0.95; x += 0.05)
                    for (let y = 0.15; y <= 0.6; y += 0.05) places.push([x * xaxis._length, y * yaxis._length])
                const room = ([x, y]) => Math.min(...points.map(([px, py]) => Math.hypot(px - x, py - y)))
                const [x, y] = places.reduce((best, place) => room(place) > room(best) ? place : best)
                return [box.left + xaxis._offset + x, box.top + yaxis._offset + y]
            }"""
        )
        return float(place[0]), float(place[1])

    @contextmanager
    def in_the_dark(self) -> Iterator[None]:
        """Switch to JupyterLab's dark theme for a block."""
        self._set_theme("JupyterLab Dark", "false")
        try:
            yield
        finally:
            self._set_theme("JupyterLab Light", "true")

    def _set_theme(self, name: str, is_light: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        self.page.locator(f"body[data-jp-theme-light={is_light}]").wait_for(state="attached")

    def drag(self, pixels: list[tuple[float, float]], steps: int = 4) -> None:
        """Press the mouse at the first pixel, move through the others, and let go at the last."""
        mouse = self.page.mouse
        mouse.move(*pixels[0])
        mouse.down()
        for pixel in pixels[1:]:
            mouse.move(*pixel, steps=steps)
        mouse.up()


def copy_notebooks(source: Path, target: Path) -> Path:
    """Copy the notebooks and their data to a folder of the test's own."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.db", ".ipynb_checkpoints", "*.lock"))
    return target


def violations(page: Page, selector: str) -> list[str]:
    """Return what axe finds wrong with a part of the page, in a line each."""
    # by the debugger and not as a script of the page, which a page may forbid
    page.evaluate(AXE.read_text())
    return page.evaluate(
        """async (selector) => {
            const result = await axe.run(document.querySelector(selector), {resultTypes: ['violations']})
            const told = node => `${node.html.slice(0, 160)} | ${node.failureSummary.slice(0, 300)}`
            return result.violations.map(one => `${one.id}: ${one.nodes.slice(0, 3).map(told).join(' ;; ')}`)
        }""",
        selector,
    )

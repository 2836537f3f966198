"""``mc-sie explore``: a page written or served, and what it refuses."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest


def test_a_page_is_written_once(cli):
    status, out, err = cli("explore", "davidson-2025")
    assert status == 0, err
    assert "davidson-2025-explorer.html" in out
    page = Path("davidson-2025-explorer.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert not re.search(r'(src|href)="https?:', page)
    status, _, err = cli("explore", "davidson-2025")
    assert (status, "exists already" in err) == (2, True)


def test_the_same_seed_makes_the_same_page(cli):
    command = ("explore", "epoch-2025", "--event", "from_start[3] < 24")
    pages = []
    for _ in range(2):
        assert cli(*command, "--out", "page.html")[0] == 0
        pages.append(Path("page.html").read_bytes())
        Path("page.html").unlink()
    assert pages[0] == pages[1]


def test_a_run_is_explored_with_its_own_event_and_horizon(cli):
    assert (
        cli("run", "economists", "--draws", "512", "--event", "best_window[3] < 24", "--horizon-months", "120",
            "--out", "run", "--quiet")[0] == 0
    )  # fmt: skip
    status, _, err = cli("explore", "run", "--out", "page.html")
    assert status == 0, err
    page = Path("page.html").read_text(encoding="utf-8")
    assert '"horizon":120.0' in page
    assert '"event":"best_window_months[3] \\u003c 24"' in page


@pytest.mark.parametrize("options", [("--no-draws",), ("--rare", "--event", "best_window[16] < 4")])
def test_a_run_that_kept_no_draws_is_explored_too(cli, options):
    assert cli("run", "economists", "--draws", "4096", "--out", "run", "--quiet", *options)[0] == 0
    status, _, err = cli("explore", "run", "--out", "page.html")
    assert status == 0, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "is neither a shipped prior nor an existing file"),
        (("davidson-2025", "--event", "pace"), "is not an event"),
        (("davidson-2025", "--event", "best_window[5] < 300"), "asks about 300 months"),
        (("davidson-2025", "--out", "nowhere/page.html"), "there is no folder"),
        (("davidson-2025", "--horizon-months", "0"), "--horizon-months 0"),
    ],
)
def test_what_cannot_be_explored_is_refused(cli, arguments, message):
    status, _, err = cli("explore", *arguments)
    assert status == 2
    assert message in err
    assert "Traceback" not in err
    assert list(Path().iterdir()) == []


def test_a_port_in_use_is_refused_at_once(cli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = cli("explore", "davidson-2025", "--serve", "--port", str(port))
    assert (status, f"--port {port} cannot be used" in err) == (2, True)


def test_the_page_is_served_on_this_machine_only(tmp_path):
    command = [sys.executable, "-m", "mc_sie", "explore", "davidson-2025", "--serve", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as server:
        try:
            lines = iter(server.stdout.readline, "")
            address = next(found.group() for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+/", line)))
            with urlopen(address) as answer:
                assert answer.read().startswith(b"<!doctype html>")
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 130
    assert list(tmp_path.iterdir()) == []


def test_an_event_of_several_conditions_is_refused_before_anything_is_written(cli):
    status, _, err = cli("explore", "davidson-2025", "--event", "best_window[5] < 12 and pace_peak > 30")
    assert status == 2
    assert "has several conditions, and the page asks about one" in err
    assert not Path("davidson-2025-explorer.html").exists()

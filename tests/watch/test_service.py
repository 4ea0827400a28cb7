"""A watch under systemd: what it tells the service manager, and the unit of the docs."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from watching import save

from napari_seal._watch.service import Service

DOCS = Path(__file__).parents[2] / "docs"


def test_the_service_manager_is_told(start, tmp_path):
    """That it is ready, that it is alive, how it stands, and that it stops; and it stops soon."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(60)
        save(tmp_path / "raw" / "a.npy", 1)
        watching = start(
            "--poll",
            environment={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"},
        )
        told: list[str] = []
        while "STATUS=1 sealed, 0 waiting, 0 failed" not in told:
            told.append(channel.recv(4096).decode())
        assert told[0] == "READY=1"
        while told.count("WATCHDOG=1") < 3:
            told.append(channel.recv(4096).decode())
        # Read on meanwhile: what a full queue has no room for is lost, as sd_notify is.
        watching.process.send_signal(signal.SIGTERM)
        while told[-1] != "STOPPING=1":
            told.append(channel.recv(4096).decode())
    assert watching.wait() == 0


@pytest.mark.parametrize("span", ["", "soon", "-1"])
def test_a_span_that_is_none_is_passed_over(monkeypatch, span):
    """Whatever is in the environment, it is no reason not to seal."""
    monkeypatch.setenv("WATCHDOG_USEC", span)
    assert Service()._every == 0


def test_lines_for_the_journal_have_levels(start, tmp_path):
    """Instead of the time, which systemd's journal knows."""
    (tmp_path / "raw" / "bad.npy").write_bytes(b"bad")
    save(tmp_path / "raw" / "a.npy", 1)
    watching = start("--once", environment={"JOURNAL_STREAM": "{LOG}"})
    assert watching.wait() == 1
    lines = watching.text.splitlines()
    assert "<6>sealed a.npy as a.sealed.jpg (" in watching.text
    assert [line[:3] for line in lines if "bad.npy" in line] == ["<3>"]
    elsewhere = start("--once", environment={"JOURNAL_STREAM": "1:2"})
    assert elsewhere.wait() == 1
    assert "<" not in elsewhere.text


def unit() -> str:
    """The example of the page."""
    text = (DOCS / "howto" / "watch.md").read_text(encoding="utf-8")
    found = re.search(r"```ini\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_unit_of_the_page_is_one(tmp_path):
    """`systemd-analyze verify` has nothing to say of it."""
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "napari-seal"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = re.sub(r"/opt/napari-seal/bin/napari-seal", str(program), unit())
    (tmp_path / "napari-seal-watch.service").write_text(text)
    done = subprocess.run(
        [command, "verify", "--man=no", tmp_path / "napari-seal-watch.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")

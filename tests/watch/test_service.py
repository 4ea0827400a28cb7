"""A watch under systemd: what it tells the service manager, and the unit of the docs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess

import pytest
from page_session import Session
from pages import DOCS, blocks_of
from support import skip_or_fail
from watching import save

from napari_seal._watch.service import Service

PAGE = DOCS / "howto" / "watch.md"
NAME = "napari-seal-watch.service"


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
    (block,) = (block for block in blocks_of(PAGE) if block.language == "ini")
    return block.text


def program(name: str) -> str:
    """Where a program of systemd is."""
    found = shutil.which(name)
    if found is None:
        skip_or_fail("tools", f"{name} is not installed")
    return found


def test_the_unit_of_the_page_is_one(tmp_path):
    """`systemd-analyze verify` has nothing to say of it."""
    command = program("systemd-analyze")
    ours = tmp_path / "napari-seal"
    ours.write_text("#!/bin/sh\n")
    ours.chmod(0o755)
    (tmp_path / NAME).write_text(re.sub(r"/opt/napari-seal/bin/napari-seal", str(ours), unit()))
    done = subprocess.run(
        [command, "verify", "--man=no", tmp_path / NAME],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


#: No service is started here, and none can be asked: of one that is enabled it is told that it is.
SYSTEMCTL = """
for word; do
  shift
  case $word in --now) ;; status) set -- "$@" is-enabled;; *) set -- "$@" "$word";; esac
done
"""


def test_the_commands_of_the_page_enable_the_unit(tmp_path):
    """The real ones, below a folder in which the unit lies where the page puts it."""
    root = tmp_path / "root"
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system" / NAME).write_text(unit())
    (tmp_path / "systemctl.sh").write_text(
        SYSTEMCTL + f'exec {program("systemctl")} --root={shlex.quote(str(root))} "$@"\n'
    )
    (block,) = (block for block in blocks_of(PAGE) if "systemctl enable" in block.text)
    (tmp_path / "reader").mkdir()
    with Session(folder=tmp_path / "reader") as session:
        session.program("sudo", "env")
        session.program("systemctl", shlex.join(["sh", str(tmp_path / "systemctl.sh")]))
        session.program("journalctl", shlex.join([program("journalctl"), f"--root={root}"]))
        session.shell(block)
    assert "\nenabled\n" in session.said
    link = root / "etc/systemd/system/multi-user.target.wants" / NAME
    assert os.path.basename(os.readlink(link)) == NAME

"""``napari-seal verify`` while it runs: its progress, limits of time, and what ends it early."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from hanging import hanging
from support import PATIENCE, wait_until

from napari_seal._cli.spans import Span


def test_interrupt_ends_the_run_with_130(archive, tmp_path):
    """Control-C ends a run at once, with the exit code 130, no traceback and no half report."""
    for index in range(5000):
        os.link(archive / "a.sealed.jpg", archive / f"{index:04}.jpg")
    (tmp_path / "report.html").write_text("the report of yesterday")
    command = [sys.executable, "-m", "napari_seal", "verify", archive, "--jsonl", "--jobs", "2"]
    command += ["--csv", tmp_path / "r.csv", "--jsonl-file", tmp_path / "r.jsonl"]
    process = subprocess.Popen(
        [*command, "--html", tmp_path / "report.html"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()  # it runs; the pipe is not read further, so it cannot end by itself
    assert len(list(tmp_path.glob(".napari-seal-*.part"))) == 2
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert re.search(r"^[\d,]+ files?: [\d,]+ intact", error, re.MULTILINE), error
    assert "Interrupted." in error
    assert (tmp_path / "report.html").read_text() == "the report of yesterday"
    assert sorted(os.listdir(tmp_path)) == ["archive", "report.html"]


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_a_killed_run_leaves_no_report_that_looks_whole(run, archive, tmp_path):
    """After SIGKILL the old reports are there, and what was printed is known to be incomplete."""
    for index in range(5000):
        os.link(archive / "a.sealed.jpg", archive / f"{index:04}.jpg")
    (tmp_path / "r.csv").write_text("the report of yesterday")
    command = [sys.executable, "-m", "napari_seal", "verify", archive, "--jsonl", "--jobs", "1"]
    with subprocess.Popen(
        [*command, "--csv", tmp_path / "r.csv"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        start = process.stdout.readline()
        process.kill()
        (tmp_path / "printed.jsonl").write_bytes(start + process.stdout.read())
    assert (tmp_path / "r.csv").read_text() == "the report of yesterday"
    result = run("report", "check", tmp_path / "printed.jsonl")
    assert result.exit_code == 1
    assert "no summary and digest at its end" in result.output


def test_nobody_reads_on(archive):
    """A pipe that is closed early ends the run without a traceback."""
    for index in range(3000):
        os.link(archive / "a.sealed.jpg", archive / f"{index:04}.jpg")
    command = [sys.executable, "-m", "napari_seal", "verify", archive, "--jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        error = process.stderr.read()
    assert process.returncode == 2
    assert b"Traceback" not in error


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_control_c_ends_a_run_soon(jobs, archive, tmp_path):
    """In the middle of a task: the counts so far, the exit code 130, and no process left."""
    for index in range(5000):
        os.link(archive / "a.sealed.jpg", archive / f"{index:04}.jpg")
    # Twenty million files: more than can be checked while the end is waited for.
    command = [sys.executable, "-m", "napari_seal", "verify", *[archive] * 4000, "--jobs", jobs]
    process = subprocess.Popen(
        [*command, "--jsonl-file", tmp_path / "r.jsonl"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: sum(p.stat().st_size for p in tmp_path.glob("*.part")) > 100_000)
    os.killpg(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in error
    counted = re.search(r"^([\d,]+) files: ", error, re.MULTILINE)
    assert counted is not None, error
    assert int(counted[1].replace(",", "")) < 40 * 5003
    assert output == ""
    wait_until(lambda: not is_a_group(process.pid), "the end of all processes")
    assert os.listdir(tmp_path) == ["archive"]


def is_a_group(number):
    """Whether there is a process in a group."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("format_", [[], ["--jsonl"], ["--json"]])
def test_a_time_limit_is_no_success(format_, archive):
    """All that was checked is intact, and the exit code is 1, because the rest was not checked."""
    for index in range(2000):
        os.link(archive / "a.sealed.jpg", archive / f"{index:04}.jpg")
    (archive / "c.sealed.jpg").unlink()
    command = [
        sys.executable,
        "-m",
        "napari_seal",
        "verify",
        *[archive] * 1000,
        "--time-limit",
        "3s",
    ]
    done = subprocess.run([*command, *format_], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = re.search(r"Stopped by --time-limit: ([\d,]+) files were checked, the", done.stderr)
    assert said is not None
    counted = re.search(r"^([\d,]+) files: \1 intact$", done.stderr + done.stdout, re.MULTILINE)
    assert counted is not None
    assert counted[1] == said[1]
    if "--jsonl" in format_:
        *files, summary = done.stdout.splitlines()
        assert len(files) == int(said[1].replace(",", ""))
        assert json.loads(summary)["summary"]["stopped"] == "time-limit"
    if "--json" in format_:
        assert json.loads(done.stdout)["counts"] == {"intact": int(said[1].replace(",", ""))}


def test_a_time_limit_that_was_not_needed(run, archive):
    """A run that ends in time is judged by its files."""
    result = run("verify", archive / "below", "--time-limit", "1h0m30s", "--timeout", "60")
    assert result.exit_code == 0
    assert "Stopped" not in result.output


def test_a_file_that_hangs(archive):
    """``--timeout`` gives it a verdict, and the others theirs."""
    with hanging(archive / "a.sealed.jpg"):
        # Long against what the others take on a busy machine.
        command = [sys.executable, "-m", "napari_seal", "verify", archive, "--timeout", "8"]
        wide = {**os.environ, "COLUMNS": "300"}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE, env=wide
        )
    assert done.returncode == 1
    assert "3 files: 1 intact, 1 metadata-changed, 1 unreadable" in done.stdout
    assert "longer than 8 s" in done.stdout


@pytest.mark.parametrize("time_", ["0", "-1", "x", "1d", "1h 30m", "", "1m1h", "nan", "1e3"])
def test_times_that_are_none(time_, run, archive):
    """The error says what a time looks like."""
    result = run("verify", archive, "--timeout", time_)
    assert result.exit_code == 2
    assert "1h30m" in result.output


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("2.5s", 2.5), ("1h30m", 5400), ("1H2M3S", 3723), ("5m", 300)]
)
def test_times(text, seconds):
    """Seconds, or hours, minutes and seconds."""
    assert Span().convert(text, None, None) == seconds


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_the_progress_line(archive):
    """On a terminal: done, total, rates and time left, on one line that is gone at the end."""
    import pty

    for index in range(3000):
        os.link(archive / "a.sealed.jpg", archive / f"{index:04}.jpg")
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "napari_seal", "verify", *[archive] * 8, "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    text = b""
    while chunk := _read(main):
        text += chunk
    os.close(main)
    assert process.wait() == 1
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text.decode())
    assert re.search(r"verifying .*\d/24024 [\d,]+ files/s, [\d,]+ MB/s \d:\d\d:\d\d \d", plain)
    assert text.endswith(b"\x1b[2K")  # taken away


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that nobody writes to it any more
        return b""

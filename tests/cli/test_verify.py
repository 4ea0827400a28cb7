"""``napari-seal verify``."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hanging import hanging
from support import PATIENCE, wait_until

import napari_seal
from napari_seal._cli.spans import Span


def test_all_intact_is_success(run, archive):
    """Intact files give the exit code 0, and each is listed where they are few."""
    result = run("verify", archive / "a.sealed.jpg", archive / "below")
    assert result.exit_code == 0
    assert "a.sealed.jpg" in result.output
    assert "2 files: 2 intact" in result.output


def test_one_changed_file_is_failure(run, archive):
    """A file that is not intact gives the exit code 1, is named, and the counts add up."""
    result = run("verify", archive)
    assert result.exit_code == 1
    assert "⚠ metadata-changed" in result.output
    assert "3 files: 2 intact, 1 metadata-changed" in result.output


@pytest.mark.parametrize("make", [lambda p: None, lambda p: (p / "notes.txt").write_text("x")])
def test_nothing_to_check_is_no_success(run, tmp_path, make):
    """A folder without images gives the exit code 2 and says so."""
    folder = tmp_path / "empty"
    folder.mkdir()
    make(folder)
    for form in ([], ["--json"], ["--jsonl"]):
        result = run("verify", folder, *form)
        assert (result.exit_code, result.stdout) == (2, "")  # half an object is no JSON
        assert "not one JPEG or PNG file" in result.stderr


def test_missing_path_is_failure(run, archive):
    """A path that does not exist is counted and is no success."""
    result = run("verify", archive / "a.sealed.jpg", "nowhere.jpg")
    assert result.exit_code == 1
    assert "2 files: 1 intact, 1 unreadable" in result.output


def rows_of(result):
    """The lines of ``--jsonl``, without the summary at their end."""
    *rows, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert last["summary"]["files"] == len(rows)
    return rows


def test_json_lines(run, archive):
    """``--jsonl`` prints one object a file with path, verdict, reasons and signature."""
    result = run("verify", archive, "--jsonl")
    lines = rows_of(result)
    assert [Path(line["path"]).name for line in lines] == [
        "a.sealed.jpg",
        "c.sealed.jpg",
        "b.sealed.jpg",
    ]
    assert [line["verdict"] for line in lines] == ["intact", "metadata-changed", "intact"]
    assert [reason["code"] for reason in lines[1]["reasons"]] == [
        "metadata-key-changed",
        "record-mismatch",
    ]
    assert {line["signature"] for line in lines} == {"none"}
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["summary"]["counts"] == {"intact": 2, "metadata-changed": 1}
    assert last["summary"]["paths"] == [str(archive)]
    assert last["digest"].startswith("sha256:")


def test_json(run, archive):
    """``--json`` prints one object whose counts are those of its files."""
    content = json.loads(run("verify", archive, "--json").stdout)
    assert content["counts"] == {"intact": 2, "metadata-changed": 1}
    assert len(content["files"]) == 3


def test_csv(run, archive, tmp_path):
    """``--csv`` writes a line for each file."""
    assert run("verify", archive, "--csv", tmp_path / "report.csv").exit_code == 1
    with open(tmp_path / "report.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows[:3]] == ["intact", "metadata-changed", "intact"]
    assert {row["path"] for row in rows[3:]} == {"#summary", "#digest"}
    assert rows[1]["codes"] == "metadata-key-changed record-mismatch"


@pytest.mark.parametrize("option", ["--csv", "--jsonl-file", "--html"])
def test_a_report_never_overwrites_an_image(run, archive, option):
    """A report is not written over a file whose name is not that of one."""
    image = archive / "a.sealed.jpg"
    before = image.read_bytes()
    assert run("verify", archive, option, image).exit_code == 2
    assert image.read_bytes() == before


def test_json_lines_in_a_file(run, archive, tmp_path):
    """``--jsonl-file`` writes what ``--jsonl`` prints, beside what is printed."""
    result = run("verify", archive, "--jsonl-file", tmp_path / "report.jsonl")
    assert "3 files: 2 intact, 1 metadata-changed" in result.output
    written = (tmp_path / "report.jsonl").read_text().splitlines()
    assert written[:-1] == run("verify", archive, "--jsonl").stdout.splitlines()[:-1]
    assert json.loads(written[-1])["summary"]["files"] == 3


def test_every_report_is_what_was_written(run, archive, tmp_path):
    """``report check`` agrees with each form, printed or written, and all tell the same options."""
    files = [tmp_path / f"report.{kind}" for kind in ("jsonl", "csv", "html")]
    options = zip(("--jsonl-file", "--csv", "--html"), files, strict=True)
    arguments = [part for option in options for part in option]
    printed = run("verify", archive, "--full", "--jsonl", *arguments)
    (tmp_path / "printed.jsonl").write_bytes(printed.stdout_bytes)
    for file in (*files, tmp_path / "printed.jsonl"):
        result = run("report", "check", file)
        assert result.exit_code == 0, result.output
        assert "3 files: 2 intact, 1 metadata-changed" in result.output
        assert "--full" in result.output


def test_html(run, archive, tmp_path):
    """``--html`` writes a page beside what is printed, and the exit code is as without."""
    result = run("verify", archive, "--full", "--html", tmp_path / "report.html")
    assert result.exit_code == 1
    assert "3 files: 2 intact, 1 metadata-changed" in result.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "1 of 3 files is not intact" in page
    assert "--full" in page
    assert all(f"{name}.sealed.jpg" in page for name in "abc")
    assert run("verify", archive / "below", "--html", tmp_path / "report.htm").exit_code == 0


def test_html_shows_a_changed_picture(run, archive, tmp_path, tracks):
    """A picture that was edited and saved again with its seal is in the page."""
    from PIL import Image

    path = archive / "a.sealed.jpg"
    with Image.open(path) as image:
        levels = np.array(image)
        levels[40:80, 40:80] = 255
        Image.fromarray(levels).save(path, quality=90, exif=image.info["exif"])
    assert run("verify", archive, "--html", tmp_path / "report.html").exit_code == 1
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<article class="picture" id="picture-1">' in page
    assert "now: 160 x 200 pixels, 1 changed region marked" in page
    assert "as sealed (from the fingerprint, 20 x 25 tiles)" in page


def test_html_beside_other_reports(run, archive, tmp_path):
    """``--html`` goes with ``--jsonl`` and ``--csv``, and all of them have every file."""
    page, table = tmp_path / "report.html", tmp_path / "report.csv"
    result = run("verify", archive, "--jsonl", "--csv", table, "--html", page)
    assert result.exit_code == 1
    assert len(rows_of(result)) == 3
    assert sum(not line.startswith("#") for line in table.read_text().splitlines()) == 4
    assert "1 of 3 files" in page.read_text(encoding="utf-8")


def test_html_that_cannot_be_written(run, archive, tmp_path):
    """A page that has no place, or would replace an image, is refused before the run begins."""
    image = archive / "a.sealed.jpg"
    before = image.read_bytes()
    table = tmp_path / "report.csv"
    for target in (image, tmp_path / "nowhere" / "report.html", "report.html.jpg"):
        result = run("verify", archive, "--csv", table, "--html", target)
        assert result.exit_code == 2
        assert "Usage:" in result.output
        assert "sealed.jpg" not in result.stdout
        assert not table.exists()
    assert (
        "cannot be written"
        in run("verify", archive, "--html", tmp_path / "nowhere" / "report.html").output
    )
    assert image.read_bytes() == before


def test_nothing_to_check_leaves_the_old_page(run, tmp_path):
    """Where there was nothing to check, the page of an earlier run stays."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "report.html").write_text("the report of yesterday")
    assert run("verify", tmp_path / "empty", "--html", tmp_path / "report.html").exit_code == 2
    assert (tmp_path / "report.html").read_text() == "the report of yesterday"


def test_patterns_that_the_shell_left(run, archive):
    """A quoted pattern is expanded, and one that fits nothing is a missing file."""
    assert "2 files" in run("verify", archive / "*.jpg").output
    assert "3 files" in run("verify", archive / "**" / "*.jpg").output
    assert "1 unreadable" in run("verify", archive / "*.tiff", archive / "a.sealed.jpg").output


def test_unsealed_images_can_be_allowed(run, archive, hopper):
    """An image without a seal is a failure, unless it is allowed."""
    assert run("verify", archive / "a.sealed.jpg", hopper).exit_code == 1
    assert run("verify", archive / "a.sealed.jpg", hopper, "--allow-unsealed").exit_code == 0
    assert run("verify", archive, hopper, "--allow-unsealed").exit_code == 1


@pytest.fixture
def hopper(tmp_path, histology):
    """A JPEG file without a seal."""
    from PIL import Image

    path = tmp_path / "plain.jpg"
    Image.fromarray(histology).save(path)
    return path


def test_hostile_names_are_shown_escaped(run, archive):
    """Terminal escapes and undecodable bytes in a name do not reach the terminal."""
    data = (archive / "c.sealed.jpg").read_bytes()
    for name in (b"\x1b[2Jx.jpg", b"a\nb.jpg", b"\xff\xfe.jpg"):
        with open(os.path.join(os.fsencode(archive), name), "wb") as file:
            file.write(data)
    result = run("verify", archive)
    assert result.exit_code == 1
    assert "\x1b[2J" not in result.output
    assert r"\x1b[2Jx.jpg" in result.output
    assert r"a\nb.jpg" in result.output
    names = {os.fsencode(row["path"]) for row in rows_of(run("verify", archive, "--jsonl"))}
    assert {os.fsencode(p) for p in archive.rglob("*.jpg")} == names  # reversibly


def test_many_files_list_only_what_is_wrong(run, archive):
    """Of more than a screenful of files, the intact ones are counted and not listed."""
    data = (archive / "a.sealed.jpg").read_bytes()
    for index in range(40):
        (archive / f"{index:03}.jpg").write_bytes(data)
    result = run("verify", archive)
    assert "43 files: 42 intact, 1 metadata-changed" in result.output
    assert "007.jpg" not in result.output
    assert "c.sealed.jpg" in result.output
    assert "007.jpg" in run("verify", archive, "--all").output


def test_worker_processes_give_the_same(run, archive):
    """Several processes give the same verdicts in the same order as one."""
    data = (archive / "a.sealed.jpg").read_bytes()
    for index in range(300):
        (archive / f"{index:03}.jpg").write_bytes(data)
    one, two = (run("verify", archive, "--jsonl", "--jobs", jobs).stdout for jobs in (1, 2))
    assert one.splitlines()[:-1] == two.splitlines()[:-1]
    assert len(one.splitlines()) == 304


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


def test_full_check(run, archive, tracks: np.ndarray):
    """``--full`` decodes intact files too, and finds nothing wrong with them."""
    napari_seal.seal(tracks[:64, :64], archive / "d.sealed.jpg")
    result = run("verify", archive / "a.sealed.jpg", archive / "d.sealed.jpg", "--full")
    assert result.exit_code == 0
    assert "2 files: 2 intact" in result.output


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_report_that_cannot_be_written(archive, tmp_path):
    """A full disk under a report gives the exit code 2 and one line, and leaves the old report."""
    report = tmp_path / "report.csv"
    report.write_text("the report of yesterday")
    # As full as a disk gets without being root: no file may have a byte.
    command = 'ulimit -f 0; exec "$0" -m napari_seal verify "$1" --csv "$2"'
    result = subprocess.run(
        ["sh", "-c", command, sys.executable, archive, report],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert "File too large" in result.stderr
    assert "Traceback" not in result.stderr
    assert report.read_text() == "the report of yesterday"
    assert sorted(os.listdir(tmp_path)) == ["archive", "report.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_device_is_no_place_for_a_report(run, archive, tmp_path):
    """What would be replaced by a file is refused where it is none."""
    (tmp_path / "report.csv").symlink_to("/dev/full")
    result = run("verify", archive, "--csv", tmp_path / "report.csv")
    assert result.exit_code == 2
    assert "a device" in result.output


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


def test_links_in_circles_come_to_an_end(run, archive):
    """A pattern lists every file once, however many links lead back up."""
    (archive / "self").symlink_to(".")
    (archive / "below" / "up").symlink_to("..")
    result = run("verify", archive / "**" / "*.jpg", "--jsonl")
    names = [row["path"] for row in rows_of(result)]
    assert [Path(name).name for name in names] == [
        "a.sealed.jpg", "b.sealed.jpg", "c.sealed.jpg",
    ]  # fmt: skip
    assert "3 files" in result.stderr


def test_what_is_not_there_is_unreadable(run, archive):
    """A path that does not exist is counted, and its exit code is that of a file not intact."""
    for arguments in (["/nonexistent"], ["nope*.jpg"], [archive / "a.sealed.jpg", "/nonexistent"]):
        result = run("verify", *arguments)
        assert result.exit_code == 1
        assert "There is no such file." in result.stdout
        assert "1 unreadable" in result.stdout


def test_against_the_originals(run, tmp_path, tracks: np.ndarray):
    """Each file beside its original: confirmed, another image, and none of that name."""
    raw, sealed = tmp_path / "raw", tmp_path / "sealed"
    (raw / "day1").mkdir(parents=True)
    np.save(raw / "day1" / "a.npy", tracks)
    np.save(raw / "b.npy", tracks + 1)
    assert run("seal", str(raw), "--out", str(sealed)).exit_code == 0
    result = run("verify", str(sealed), "--against", str(raw))
    assert result.exit_code == 0, result.output
    (raw / "b.npy").rename(raw / "day1" / "a.npy")
    result = run("verify", str(sealed), "--against", str(raw), "--jsonl")
    assert result.exit_code == 1
    rows = rows_of(result)
    assert [row["verdict"] for row in rows] == ["intact", "substituted"]
    assert rows[0]["reasons"][0]["code"] == "original-missing"
    assert "1 file could not be compared" in result.stderr


def test_what_was_not_compared_is_no_success(run, archive, tmp_path):
    """Intact files without an original end with 1; a folder that is none ends with 2."""
    result = run("verify", str(archive), "--against", str(tmp_path))
    assert result.exit_code == 1
    assert "could not be compared with an original" in result.output
    assert run("verify", str(archive), "--against", str(tmp_path / "no")).exit_code == 2


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

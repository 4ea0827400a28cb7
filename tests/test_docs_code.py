"""Every block on every page is run, looked at in another way, or is named here with a reason."""

from __future__ import annotations

import ast
import configparser
import io
import json
import re
import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import yaml
from page_folders import FOLDERS
from page_session import Session, ours_in, scripts_in
from pages import PAGES, ROOT, Block, blocks_of, name_of
from PIL import Image

import napari_seal
from napari_seal._cli import main
from napari_seal._format.place import plane_name

#: Run from top to bottom, in the session of the page.
SHELLS = {"bash", "console", "sh"}
#: What Sphinx does itself: it fails where one is wrong. The scripts that are printed by
#: ``literalinclude`` are run by ``tests/interchange``.
SPHINX = {"{toctree}", "{eval-rst}", "{include}", "{literalinclude}", "{raw}"}

#: Blocks that CI runs word for word, since they install what the tests need: ``test_docs_ci.py``.
BY_CI = ".ci/run runs it"
#: Blocks that are not run, by page and first line, and why.
NOT_RUN = {
    ("CONTRIBUTING.md", "python3 -m venv .venv"): BY_CI,
    ("CONTRIBUTING.md", "sudo apt-get install"): BY_CI,
    ("README.md", "python3 -m venv .venv && .venv/bin/pip install -q "): BY_CI,
    ("docs/architecture.md", "the codestream differs"): "a drawing",
    ("docs/tutorial.md", "python3 -m venv .venv"): BY_CI,
}
#: Blocks that other tests look at, and which.
ELSEWHERE = {
    ("CONTRIBUTING.md", "    ("): "test_contributing.py::test_the_first_change_works",
    ("CONTRIBUTING.md", "def test_photoshop"): "test_contributing.py::test_the_first_change_works",
    ("CONTRIBUTING.md", "python -m pytest"): "test_contributing.py::test_the_first_change_works",
    ("docs/architecture.md", "napari.yaml "): "test_docs.py::test_architecture_lists_every_module",
    ("docs/howto/napari.md", "viewer.layers"): "plugin/test_page.py::test_python_of_the_page",
    ("docs/howto/napari.md", "entry = "): "plugin/test_page.py::test_python_of_the_page",
    ("docs/howto/watch.md", "[Unit]"): "watch/test_service.py::test_the_unit_of_the_page_is_one",
    ("docs/howto/watch.md", "sudo systemctl enable"): (
        "watch/test_service.py::test_the_commands_of_the_page_enable_the_unit"
    ),
    ("docs/ledger.md", "BagIt-Version"): (
        "verify/ledger/test_manifest.py::test_bagit_reads_the_manifest"
    ),
    (
        "docs/seal-format.md",
        "89 50 4e 47",
    ): "test_docs_png.py::test_format_shows_the_order_of_chunks",
    (
        "docs/seal-format/picture.md",
        "gray:   L =",
    ): "test_docs.py::test_format_describes_the_fingerprint",
    (
        "docs/seal-format/record.md",
        "s6:9d0d2584",
    ): "test_docs.py::test_format_describes_the_check_values",
    ("docs/seal-format/exif-xmp.md", "<?xpacket"): "test_docs.py::test_format_shows_the_xmp_packet",
}


# ------------------------------------------------------------------- blocks that are looked at


def is_a_list_of_files(root: str) -> Callable[[Block, Session], None]:
    """Each name that the block shows is there once the page was followed; ``…`` is for others."""

    def look(block: Block, session: Session) -> None:
        for name in re.findall(r"^ *(\S+\.\w+)(?=\s|$)", block.text, re.MULTILINE):
            assert (session.folder / root / name).is_file(), f"{block}: {name}"

    return look


def is_how_a_run_is_stored(block: Block, session: Session) -> None:
    """Each name is there after the page's run, one of uneven planes, and one without a plan."""
    import useq

    uneven = useq.MDASequence(
        channels=[{"config": "DAPI", "do_stack": False}, "FITC"],
        stage_positions=[(0, 0, 0), (9, 9, 9)],
        z_plan={"range": 2, "step": 1},
    )
    core: Any = session.namespace["reader_s"]
    for folder, sequence in {"uneven": uneven, "unplanned": [useq.MDAEvent()]}.items():
        Path(folder).mkdir()
        with napari_seal.SealHandler(f"{folder}/cells") as handler:
            core.mda.run(sequence, output=handler)
    for line in block.text.splitlines():
        name = line.split()[0].rstrip("/")
        assert name == "…" or list(session.folder.rglob(name)), line


def is_called_where_a_frame_fails(block: Block, session: Session) -> None:
    """The function of the page stores the frame and ends the run; its handler is connected."""
    import useq
    from microscope import NumberedCamera, microscope

    session.python(block)
    session.namespace["handler"].close()  # type: ignore[attr-defined]
    camera = NumberedCamera("float32")
    camera.spoil = True
    core = session.namespace["core"] = microscope(camera)
    sequence = useq.MDASequence(time_plan={"interval": 0.02, "loops": 3000})
    on_failure: Any = session.namespace["on_failure"]
    with (
        pytest.raises(napari_seal.WriteError, match="NaN"),
        napari_seal.SealHandler("failed/cells", on_failure=on_failure, window="plane") as handler,
    ):
        core.mda.run(sequence, output=handler)
    assert np.isnan(np.load("other/0.npy")).any()
    assert handler.runs[0].frames < 3000


def is_a_line_of_cron(block: Block, session: Session) -> None:
    """After the five fields is a command of the shell, which prints where something is wrong."""
    line = block.text.splitlines()[-1]
    fields, command = line.split()[:5], line.split(maxsplit=5)[5]
    assert all(re.fullmatch(r"\*|\d+", field) for field in fields)
    for shown, real in session.stand_ins.items():
        command = command.replace(shown, real)
    assert "image-changed" in session.run(f"HOME={session.folder}; {command}")


def is_a_list_of_trusted_keys(block: Block, session: Session) -> None:
    """The keys are read, and judged as the remarks say."""
    session.run("napari-seal keygen anna --no-passphrase")
    public = Path("anna.pub.pem").read_text().splitlines()[1]
    text = block.text.replace("MCowBQYDK2VwAyEA…", public)
    assert tomllib.loads(text)["key"][0]["name"] == "Robot 1"
    Path("trusted/trust.toml").write_text(text)
    verdict = napari_seal.check("field.sealed.jpg", trust="trusted")
    assert verdict.signer == "Robot 1"
    anna = napari_seal.Trust.load("trusted")
    assert {key.name: key.compromised for key in anna.keys} == {"Robot 1": False, "Anna": True}


def is_a_line_of_a_report(block: Block, session: Session) -> None:
    """The JSON is that of a verdict: its keys, in their order, and codes that exist."""
    shown = json.loads(block.text)
    image = np.zeros((64, 64), np.uint8)
    napari_seal.seal(image, session.folder / "a.sealed.jpg")
    assert list(shown) == list(napari_seal.check(session.folder / "a.sealed.jpg").as_dict())
    assert shown["verdict"] in {str(outcome) for outcome in napari_seal.Outcome}
    codes = {str(code) for code in napari_seal.ReasonCode}
    assert {reason["code"] for reason in shown["reasons"]} <= codes


def is_how_pixels_are_encoded(block: Block, session: Session) -> None:
    """The line gives the very bytes that stand behind the seal."""
    levels = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    napari_seal.seal(levels, session.folder / "d.sealed.jpg", quality=80)
    names = {"Image": Image, "levels": levels, "out": io.BytesIO(), "quality": 80}
    exec(block.text, names)
    encoded = names["out"].getvalue()
    behind_jfif = encoded[4 + int.from_bytes(encoded[4:6]) :]
    assert (session.folder / "d.sealed.jpg").read_bytes().endswith(behind_jfif)


def is_how_records_end(block: Block, session: Session) -> None:
    """Each line is a part of the text of a real record, signed or not."""
    key = napari_seal.SigningKey.generate()
    texts = []
    for options in ({}, {"key": key}):
        path = session.folder / f"{block.line}-{len(options)}.sealed.jpg"
        napari_seal.seal(np.zeros((64, 64), np.uint8), path, metadata={"n": 1}, **options)
        texts.append(path.read_bytes().decode("latin-1"))
    parts = {
        "…": ".*",
        "<hex>": "[0-9a-f]{64}",
        "<digest>": "sha256:[0-9a-f]{64}",
        "<signature>": r"\{[^{}]*\}",
        "<key>": "[A-Za-z0-9+/=]{60}",
        "<value>": "[A-Za-z0-9+/=]{88}",
    }
    for line in block.text.splitlines():
        pattern = "".join(
            parts.get(part) or re.escape(part) for part in re.split(r"(…|<\w+>)", line)
        )
        assert any(re.search(pattern, text) for text in texts), line


def is_the_order_of_segments(block: Block, session: Session) -> None:
    """The markers of a real file come in the order that is shown."""
    napari_seal.seal(np.zeros((64, 64), np.uint8), session.folder / "c.sealed.jpg")
    data = (session.folder / "c.sealed.jpg").read_bytes()
    place = 0
    for marker in re.findall(r"\bff ([0-9a-f]{2})\b", block.text):
        place = data.index(bytes.fromhex("ff" + marker), place) + 2
    assert place == len(data)


def is_the_formula_of_levels(block: Block, session: Session) -> None:
    """The formula gives the levels that a window gives, for whole numbers."""
    (z, low_levels, _) = re.findall(r"^\w+ += (.*?)(?:  |$)", block.text, re.MULTILINE)
    signs = str.maketrans({"·": "*", "\N{MINUS SIGN}": "-"})
    window = napari_seal.Window(low=-300, high=4095)
    values = np.arange(window.low, window.high + 1)
    names = {"low": window.low, "high": window.high, "trunc": int}
    expected = []
    for y in map(int, values):
        exact = {**names, "y": Fraction(y)}
        exact["z"] = eval(z.translate(signs), exact)
        expected.append(eval(low_levels.translate(signs).replace("div", "//"), exact))
    assert window.scale(values).tolist() == expected


def is_the_name_of_a_plane(block: Block, session: Session) -> None:
    """The name is the one that the axes, the shape and the index beside it give."""
    name, told = block.text.strip().split(maxsplit=1)
    found = re.fullmatch(r"axes (.*); shape (.*); index (.*)", told.strip())
    assert found is not None
    axes = found[1].split(", ")
    shape, index = (tuple(map(int, found[n].split(", "))) for n in (2, 3))
    assert plane_name(name.partition("_")[0], axes, shape, index, ".sealed.jpg") == name


LOOKED_AT: dict[tuple[str, str], Callable[[Block, Session], None]] = {
    ("docs/howto/archive.md", "# every Sunday"): is_a_line_of_cron,
    ("docs/howto/micro-manager.md", "cells/ "): is_how_a_run_is_stored,
    ("docs/howto/micro-manager.md", "def on_failure"): is_called_where_a_frame_fails,
    ("docs/howto/microscopes.md", "sealed/cells.ome.sealed/"): is_a_list_of_files(""),
    ("docs/howto/signing.md", "[[key]]"): is_a_list_of_trusted_keys,
    ("docs/howto/stacks.md", "cells.sealed/"): is_a_list_of_files("cells.sealed"),
    ("docs/seal-format.md", "ff d8 "): is_the_order_of_segments,
    ("docs/seal-format/record.md", '…,"seal":'): is_how_records_end,
    ("docs/seal-format/record.md", ',"record":'): is_how_records_end,
    ("docs/seal-format/record.md", '…,"record":'): is_how_records_end,
    ("docs/seal-format/picture.md", "z     = trunc"): is_the_formula_of_levels,
    ("docs/seal-format/stacks.md", "cells_t003"): is_the_name_of_a_plane,
    ("docs/seal-format/picture.md", "Image.fromarray(levels)"): is_how_pixels_are_encoded,
    ("docs/verdicts.md", '{"path"'): is_a_line_of_a_report,
}


def found_in(table: dict[tuple[str, str], object], block: Block) -> object:
    for (page, first), what in table.items():
        if block.page == page and block.text.startswith(first):
            return what
    return None


# ------------------------------------------------------------------------------------ the tests


@pytest.mark.parametrize("page", [p for p in PAGES if blocks_of(p)], ids=name_of)
def test_every_block_is_so(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is followed from top to bottom and prints what it shows; no block is left out."""
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with Session(folder=folder) as session:
        if name_of(page) in FOLDERS:
            FOLDERS[name_of(page)](session)
        later = []
        ran = ""
        for block in blocks_of(page):
            if block.language in SPHINX:
                continue
            if look := found_in(LOOKED_AT, block):
                later.append((look, block))
            elif found_in(NOT_RUN, block) or found_in(ELSEWHERE, block):
                pass
            elif block.language == "python":
                session.python(block)
            elif block.language in SHELLS:
                for text, prepare in session.before.items():
                    if text in block.text:
                        prepare()
                session.shell(block)
            elif block.language == "text" and ran:
                session.compare(block, exactly=ran == "python")
            else:
                pytest.fail(f"{block}: not run, and not in the lists of this file: {block.first}")
            ran = block.language if block.language in {"python", *SHELLS} else ""
        for look, block in later:
            look(block, session)


ALL = [block for page in PAGES for block in blocks_of(page)]


@pytest.mark.parametrize("table", [NOT_RUN, ELSEWHERE, LOOKED_AT], ids=["not", "elsewhere", "at"])
def test_the_lists_name_blocks_that_are_there(table: dict[tuple[str, str], object]) -> None:
    """No exception outlives its block, and no block is in two lists."""
    for page, first in table:
        assert any(b.page == page and b.text.startswith(first) for b in ALL), (page, first)
    lists = (NOT_RUN, ELSEWHERE, LOOKED_AT)
    assert all(sum(found_in(each, b) is not None for each in lists) <= 1 for b in ALL)


def test_other_tests_are_there() -> None:
    """What is said to be looked at elsewhere has a test of that name there."""
    for name in ELSEWHERE.values():
        path, _, test = name.partition("::")
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert f"def {test}(" in text, name


def test_nothing_else_is_a_block() -> None:
    """Blocks are fenced by three backquotes at the margin, so that none is overlooked."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        # Notes and warnings are fenced by colons, and have words in them.
        text = re.sub(r"^:{3,}(\{\w+\})?$", "", text, flags=re.MULTILINE)
        fences = re.findall(r"^[ \t]*(?:`{3,}|~{3,}|:{3,})", text, re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), name_of(page)
        assert set(fences) <= {"```"}, name_of(page)


@pytest.mark.parametrize("block", [b for b in ALL if b.language in ("py", "python")], ids=str)
def test_python_parses(block: Block) -> None:
    """Python that is only for reading, marked ``py``, is Python at least."""
    ast.parse(block.text)


COMMANDS = [(block, words) for block in ALL if block.language in SHELLS for words in ours_in(block)]


@pytest.mark.parametrize(("block", "words"), COMMANDS, ids=[str(block) for block, _ in COMMANDS])
def test_commands_have_the_options_that_they_are_shown_with(block: Block, words: list[str]) -> None:
    """Every command of ours on a page, run or not, is one, with options that it has."""
    command, context = main, click.Context(main)
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"{block}: no such command: {words[0]}"
        command, words = found, words[1:]
    known = {opt for p in command.params for opt in (*p.opts, *p.secondary_opts)} | {"--help"}
    assert {word for word in words if word.startswith("-")} <= known, str(block)


def test_extras_and_scripts_are_there() -> None:
    """What pages say to install or to start is there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        extras = re.findall(r"install[^\n]*?['\"](?:\.|napari-seal)\[([\w,]+)\]['\"]", text)
        for extra in ",".join(extras).split(",") if extras else ():
            assert extra in project["optional-dependencies"], f"{name_of(page)}: {extra}"
    for block in ALL:
        assert all(script.is_file() for script in scripts_in(block)), str(block)


def test_settings_of_other_programs_parse() -> None:
    """Settings of other programs that pages show are in their languages."""
    for block in ALL:
        if block.language == "ini":
            configparser.ConfigParser(strict=False, interpolation=None).read_string(block.text)
        elif block.language in ("yaml", "yml"):
            assert yaml.safe_load(block.text) is not None


def test_scripts_that_are_printed_are_run() -> None:
    """Each script that a page includes is run by the tests of its folder."""
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests/interchange").glob("*.py"))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for script in re.findall(r"^```{literalinclude} (\S+)$", text, re.MULTILINE):
            assert (page.parent / script).is_file(), f"{name_of(page)}: {script}"
            assert Path(script).name in tests, f"{name_of(page)}: {script}"

"""The house: no circle, no file and no page that is too long, and a picture that is of today."""

from __future__ import annotations

import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "napari_seal"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"

#: A file is read at one sitting.
LINES = 400


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """The modules that each module imports, at its top or later."""
    grimp = pytest.importorskip("grimp", reason="import-linter is not installed")
    built = grimp.build_graph("napari_seal", cache_dir=None)
    return {name: built.find_modules_directly_imported_by(name) for name in built.modules}


def test_modules_do_not_import_each_other_in_a_circle(graph: dict[str, set[str]]) -> None:
    """Also where an import stands in a function, or serves the types alone."""
    assert len(graph) > 200
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_no_file_is_too_long() -> None:
    """What grows past it is two things."""
    folders = ("src", "tests", "benchmarks", "fuzzing", "docs")
    found = [path for name in folders for path in (ROOT / name).rglob("*")]
    found = [path for path in (*found, *ROOT.glob("*.md")) if "_build" not in path.parts]
    files = [path for path in found if path.suffix in {".py", ".js", ".css", ".c", ".md"}]
    long = {
        path.name: count
        for path in files
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert len(files) > 400
    assert long == {}


def test_the_picture_is_what_the_code_gives() -> None:
    """``python docs/draw_architecture.py`` was run after the last change of an import."""
    pytest.importorskip("grimp", reason="import-linter is not installed")
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "draw_architecture.py"), "--print"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == PICTURE.read_text(encoding="utf-8")


def test_the_picture_shows_every_part_and_both_ways() -> None:
    """A box for each folder and file at the top, and the steps of sealing and checking in order."""
    parts = {
        path.stem
        for path in SOURCE.iterdir()
        if (path.is_dir() and (path / "__init__.py").exists()) or path.suffix == ".py"
    }
    texts = list(ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text"))
    names = {text.text for text in texts if text.get("class") == "name"}
    assert names == parts - {"__init__", "__main__", "_version"} | {"napari_seal"}
    steps = [text.text for text in texts if text.get("class") == "does"]
    assert {"encode", "embed", "write"} <= set(steps)
    assert steps.index("encode") < steps.index("embed") < steps.index("write")
    assert steps.index("load") < steps.index("compare") < steps.index("diagnose")

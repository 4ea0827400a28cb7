"""The contributing guide does what it says: its first change, and a recipe for every chore."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FIRST, REST = GUIDE.split("## A first change in ten minutes")[1].split("## Set up for everything")


def insert(path: Path, line: str, text: str) -> None:
    """Put text behind a line."""
    content = path.read_text(encoding="utf-8")
    assert content.count(line) == 1, line
    path.write_text(content.replace(line, line + text), encoding="utf-8")


def passes(copy: Path, *arguments: str) -> bool:
    """Whether tests of a copy pass, which then takes its sources from there, too."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(copy / "src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode == 0


def test_the_first_change_works(tmp_path: Path) -> None:
    """Its row passes, its test fails until the last line is put in."""
    fenced = re.findall(r"^```(?:python|text)\n(.*?)^```", FIRST, re.MULTILINE | re.DOTALL)
    row, test, magic = fenced
    copy = tmp_path / "clone"
    ignored = shutil.ignore_patterns("__pycache__", "plugin", "napari.yaml")
    for name in ("src", "tests", "fuzzing"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    insert(copy / "tests/test_damage.py", "ROWS: list[Row] = [\n", row)
    assert passes(copy, "tests/test_damage.py", "-k", "Photoshop")
    with (copy / "tests/verify/test_check.py").open("a", encoding="utf-8") as file:
        file.write("\n\n" + test)
    wanted = "tests/verify/test_check.py"
    assert not passes(copy, wanted, "-k", "photoshop")
    insert(copy / "src/napari_seal/_verify/steps.py", "_MAGIC: Final = (\n", magic)
    assert passes(copy, wanted, "-k", "photoshop")


def recipes() -> list[str]:
    """The commands of the table."""
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|[^|]*\|$", REST, re.MULTILINE)
    assert len(rows) > 25
    return [command for row in rows for command in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("command", recipes())
def test_recipes_name_files_that_are_there(command: str) -> None:
    """And tools that an extra brings, or the system."""
    words = shlex.split(command)
    paths = [word for word in words if re.search(r"\.py$|^(tests|docs|fuzzing|benchmarks)/", word)]
    made = {"docs/_build", "docs/_build/links"}
    assert [path for path in paths if path not in made and not (ROOT / path).exists()] == []
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    brought = {re.split(r"[>=\[;]", text)[0] for text in (*extras["dev"], *extras["docs"])}
    brought |= {"python", "xvfb-run", ".ci/run", "lint-imports", "sphinx-build"}
    assert words[0] in brought


def test_every_extra_that_the_guide_installs_is_there() -> None:
    """A renamed extra is only warned of by pip."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    named = re.findall(r'pip install -e "\.\[(\w+)\]"', GUIDE)
    assert {"quick", "dev"} <= set(named) <= set(extras)


def test_there_is_a_recipe_for_every_script() -> None:
    """Each script of the docs, and what makes vectors, stands in the table or in its own guide."""
    scripts = [path.name for path in (ROOT / "docs").glob("*.py") if path.name != "conf.py"]
    runnable = [n for n in scripts if "__main__" in (ROOT / "docs" / n).read_text("utf-8")]
    assert runnable
    assert [name for name in runnable if name not in REST] == []

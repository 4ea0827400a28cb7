"""What the tests need is installed by blocks of pages, which ``.ci/run`` takes from there."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from pages import PAGES, ROOT, blocks_of
from test_docs_code import BY_CI, NOT_RUN, found_in

SCRIPT = ROOT / ".ci" / "run"
if not SCRIPT.is_file():
    pytest.skip("a source distribution has no .ci", allow_module_level=True)
TEXT = SCRIPT.read_text(encoding="utf-8")


def test_every_block_that_is_left_to_ci_is_what_ci_runs() -> None:
    """What the script takes from the pages, by its own functions, is each of these blocks."""
    if (bash := shutil.which("bash")) is None or shutil.which("awk") is None:
        pytest.skip("the script is one of bash, and takes blocks by awk")
    functions = re.findall(r"^\w+\(\) \{ awk .*\}$", TEXT, re.MULTILINE)
    calls = re.findall(r"\$\(((?:readme_command|first_bash|blocks_with) [^)]*)\)", TEXT)
    (guides,) = re.findall(r"^for guide in (.*); do$", TEXT, re.MULTILINE)
    lines = [f"for guide in {guides}; do {call}; done" for call in calls]
    done = subprocess.run(
        [bash, "-e", "-c", "\n".join([*functions, *lines])],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    blocks = [b for page in PAGES for b in blocks_of(page) if found_in(NOT_RUN, b) == BY_CI]
    assert len(blocks) == 6
    assert [str(block) for block in blocks if block.text not in done.stdout] == []


def test_what_ci_installs_beside_is_no_part_of_a_page() -> None:
    """Packages of the pages stand there alone, so that no list can be out of date."""
    blocks = [b for b in blocks_of(ROOT / "CONTRIBUTING.md") if "apt-get install" in b.text]
    assert len(blocks) == 2
    told = {word for b in blocks for word in b.text.split("install", 1)[1].split()} - {"\\"}
    (beside,) = re.findall(r"^sudo apt-get install (.*)\"", TEXT, re.MULTILINE)
    packages = set(re.findall(r"[\w.+-]+", beside))
    assert packages
    assert not packages & told

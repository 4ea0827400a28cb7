"""What other systems say of the same change, by running them: ``docs/comparison.md`` prints it.

``python tests/test_comparison.py`` asks all of them, and writes the tables of the page anew.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from comparison_edits import CHANGES, EVENTS, flip_a_bit
from comparison_systems import SYSTEMS, BagIt, C2pa, GitAnnex, Hashdeep, SealAlone, System
from support import find_exiftool

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
if not PAGE.is_file():
    pytest.skip("the documentation is not here", allow_module_level=True)

#: A ledger and a signature change nothing in what is said of one file's content.
OF_ARCHIVES = ("with ledger", "signed")
TABLES = {
    "changes": (CHANGES, [system for system in SYSTEMS if system.name not in OF_ARCHIVES]),
    "events": (EVENTS, SYSTEMS),
}
MARKS = "<!-- {}: begin -->\n", "<!-- {}: end -->\n"


def printed() -> dict[tuple[str, str], str]:
    """What the page says, by what was done and system."""
    found = {}
    text = PAGE.read_text(encoding="utf-8")
    for name in TABLES:
        begin, end = (mark.format(name) for mark in MARKS)
        head, _, *rows = text.partition(begin)[2].partition(end)[0].strip().splitlines()
        systems = [cell.strip() for cell in head.strip("|").split("|")][1:]
        for row in rows:
            edit, *cells = (cell.strip() for cell in row.strip("|").split("|"))
            found |= {(edit, system): cell for system, cell in zip(systems, cells, strict=True)}
    return found


CASES = [
    (edit, system) for edits, systems in TABLES.values() for edit in edits for system in systems
]


@pytest.fixture(scope="module")
def archive_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[type[System]], System]:
    """An archive of a system, made once."""
    made: dict[type[System], System] = {}

    def make(system: type[System]) -> System:
        if system not in made:
            made[system] = system(tmp_path_factory.mktemp(system.__name__))
        return made[system]

    return make


@pytest.mark.parametrize(
    ("edit", "system"), CASES, ids=[f"{system.name}-{edit}" for edit, system in CASES]
)
def test_what_a_system_says_is_what_the_page_prints(
    edit: str, system: type[System], archive_of: Callable[[type[System]], System], tmp_path: Path
) -> None:
    """The system is asked after a real change of its own archive."""
    archive = archive_of(system).at(tmp_path / "archive")
    {**CHANGES, **EVENTS}[edit](archive)
    assert archive.judge() == printed()[edit, system.name]


def test_the_page_prints_no_other_rows() -> None:
    """What stands in the tables is what is tested."""
    assert set(printed()) == {(edit, system.name) for edit, system in CASES}


def test_git_annex_mends_from_a_copy(tmp_path: Path) -> None:
    """It has a good copy put in the place of a bad one, which a seal cannot."""
    (tmp_path / "one").mkdir()
    archive = GitAnnex(tmp_path / "one")
    whole = (archive.data / "b.jpg").read_bytes()
    subprocess.run(["git", "clone", "-q", archive.data, tmp_path / "two"], check=True)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", tmp_path / "two"]
    subprocess.run([*git, "annex", "get", "-q", "."], check=True)
    subprocess.run([*git, "annex", "sync", "-q", "--no-content"], check=False, capture_output=True)
    content = (tmp_path / "two" / "b.jpg").resolve()
    content.parent.chmod(0o755)
    content.chmod(0o644)
    flip_a_bit(content)
    assert subprocess.run(
        [*git, "annex", "fsck", "-q"], check=False, capture_output=True
    ).returncode
    subprocess.run([*git, "annex", "get", "-q", "."], check=True)
    assert (tmp_path / "two" / "b.jpg").read_bytes() == whole


def test_what_each_costs(archive_of: Callable[[type[System]], System]) -> None:
    """A seal costs 1 to 3.5 kB a file, C2PA some 3 kB more, a line of a list about 100 bytes."""
    sealed = (archive_of(SealAlone).data / "a.jpg").stat().st_size
    signed = (archive_of(C2pa).data / "a.jpg").stat().st_size
    assert 2_000 < signed - sealed < 6_000
    data = (archive_of(SealAlone).data / "a.jpg").read_bytes()
    segments = sum(
        2 + int.from_bytes(data[m.end() : m.end() + 2]) for m in re.finditer(rb"\xff\xe1", data)
    )
    assert 1_000 < segments < 3_500
    listed = (archive_of(BagIt).folder / "data" / "manifest-sha256.txt").read_text().splitlines()
    assert max(map(len, listed)) < 110
    known = (archive_of(Hashdeep).folder / "known").read_text().splitlines()
    assert max(map(len, known)) < 110


def test_other_systems_take_any_file(tmp_path: Path) -> None:
    """BagIt and hashdeep notice a change in a text; a seal knows JPEG and PNG only."""
    for system in (BagIt, Hashdeep):
        (tmp_path / system.__name__).mkdir()
        archive = type(
            "Texts", (system,), {"store": lambda self, image, path: path.write_text("x")}
        )(tmp_path / system.__name__)
        assert archive.judge() in ("valid", "passed")
        (archive.data / "a.jpg").write_text("y")
        assert "changed" in archive.judge()


# --------------------------------------------------------------------------------------- the page


def table(name: str) -> Iterator[str]:
    """A table of the page, by asking."""
    edits, systems = TABLES[name]
    yield "| what is done | " + " | ".join(system.name for system in systems) + " |"
    yield "|---" * (len(systems) + 1) + "|"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        archives = []
        for system in systems:
            (Path(folder) / system.__name__).mkdir()
            archives.append(system(Path(folder) / system.__name__))
        for number, (edit, do) in enumerate(edits.items()):
            said = []
            for archive in archives:
                there = archive.at(Path(folder) / f"{type(archive).__name__}-{number}")
                do(there)
                said.append(there.judge())
            yield f"| {edit} | " + " | ".join(said) + " |"


def versions() -> str:
    """What was asked; the tests ask whatever is installed, and must hear the same."""
    run = {"ExifTool": [*find_exiftool(), "-ver"], "hashdeep": ["hashdeep", "-V"]}
    found = {name: subprocess.check_output(command, text=True) for name, command in run.items()}
    annex = subprocess.check_output(["git", "annex", "version", "--raw"], text=True)
    names = {"c2pa-python": "c2pa-python", "bagit-python": "bagit"}
    found |= {"git-annex": annex} | {name: version(of) for name, of in names.items()}
    asked = ", ".join(f"{name} {number.strip()}" for name, number in found.items())
    return f"Asked were {asked}."


def write(name: str, content: str) -> None:
    """Put something between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = (mark.format(name) for mark in MARKS)
    before, _, rest = text.partition(begin)
    PAGE.write_text(f"{before}{begin}{content}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    write("versions", versions())
    for table_name in TABLES:
        write(table_name, "\n".join(table(table_name)))

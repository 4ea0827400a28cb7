"""The reference pages are complete: verdicts, reasons, signatures, and the Python API."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re

import pytest
from pages import DOCS, ROOT, section_of

import napari_seal
from napari_seal import Outcome, ReasonCode, Signature
from napari_seal._verify.change.score_map import ScoreMap

SOURCE = ROOT / "src" / "napari_seal"


def first_cells(section: str) -> list[str]:
    """The codes in the first column of the tables of a piece of Markdown."""
    return re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)


def test_verdicts_lists_every_outcome_in_order() -> None:
    """The words on the page are those of the code, from good to bad."""
    assert first_cells(section_of("verdicts.md", "The words")) == [str(o) for o in Outcome]


def test_verdicts_lists_every_reason_once() -> None:
    """Each reason code has its row, and no row is for a code that does not exist."""
    listed = first_cells(section_of("verdicts.md", "The reasons"))
    assert sorted(listed) == sorted(str(code) for code in ReasonCode)


def test_verdicts_lists_every_signature_state() -> None:
    """The states of the signature are those of the code."""
    assert first_cells(section_of("verdicts.md", "The signature")) == [str(s) for s in Signature]


def test_verdicts_states_the_order_of_gravity() -> None:
    """The order in which verdicts outweigh each other is the one that the check uses."""
    from napari_seal._verify.steps import _GRAVITY

    assert " < ".join(f"`{o}`" for o in _GRAVITY) in section_of("verdicts.md", "Gravity")


def test_verdicts_describes_the_json_object() -> None:
    """Every key of a line of ``--jsonl`` is described, and every column of the CSV."""
    from napari_seal._verify.report.report import CSV_COLUMNS

    section = section_of("verdicts.md", "The JSON object of a file")
    verdict = napari_seal.check("there is no such file")
    assert set(first_cells(section)) == set(verdict.as_dict())
    assert all(f"`{column}`" in section for column in CSV_COLUMNS)


def test_verdicts_describes_the_score_map() -> None:
    """Every attribute of a score map is explained where regions are."""
    section = section_of("verdicts.md", "Where was it changed?")
    for field in dataclasses.fields(ScoreMap):
        assert f"`{field.name}`" in section or f"`scores.{field.name}`" in section, field.name


def cells(section: str) -> dict[str, str]:
    """The second column of the tables of a piece of Markdown, by the code in the first."""
    return dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]*) \|", section, re.MULTILINE))


@pytest.mark.parametrize("word", Outcome)
def test_verdicts_says_what_the_software_says_of_a_verdict(word: Outcome) -> None:
    """The sentence that people read in a window is the first one on the page."""
    found = cells(section_of("verdicts.md", "The words"))[word]
    assert re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", found).startswith(word.meaning)


@pytest.mark.parametrize("state", Signature)
def test_verdicts_says_what_the_software_says_of_a_signature(state: Signature) -> None:
    """The same for the states of a signature."""
    assert cells(section_of("verdicts.md", "The signature"))[state].startswith(state.meaning)


def groups(text: str, heading: str) -> dict[str, set[str]]:
    """Codes by the heading above them."""
    found: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.strip().startswith(heading):
            name = line.strip().removeprefix(heading).lower().replace("`", "")
            name = re.sub(r",? and ", ", ", name)
        elif code := re.search(r"^\| `([a-z-]+)` \||^    [A-Z_]+ = \"([a-z-]+)\"", line):
            found.setdefault(name, set()).add(code[1] or code[2])
    return found


def test_verdicts_groups_reasons_as_the_software_does() -> None:
    """Each code stands under the heading that it has where it is defined, and nowhere else."""
    source = inspect.getsource(ReasonCode)
    page = groups(section_of("verdicts.md", "The reasons"), "### ")
    assert list(page.values()) == list(groups(source, "# ").values())
    for of_page, of_code in zip(page, groups(source, "# "), strict=True):
        assert of_code.startswith(of_page)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_given_by_something(code: ReasonCode) -> None:
    """No code is listed that nothing gives."""
    used = re.compile(rf"\bReasonCode\.{code.name}\b")
    assert any(used.search(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py"))


def test_api_lists_every_public_name() -> None:
    """Each name of ``__all__`` is on the API page."""
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\.\. auto(?:function|class|exception):: (\w+)$", text, re.MULTILINE))
    assert listed == set(napari_seal.__all__) - {"__version__"}
    assert "__version__" in text


def public_members(cls: type) -> set[str]:
    """Methods and properties of a class of ours; fields are described with its parameters."""
    fields = {f.name for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    return {
        name
        for base in cls.__mro__
        if base.__module__.startswith("napari_seal")
        for name, value in vars(base).items()
        if not name.startswith("_")
        and name not in fields
        and (callable(value) or isinstance(value, (property, classmethod, staticmethod)))
        and not (issubclass(cls, enum.Enum) and isinstance(value, cls))
    }


CLASSES = [name for name in napari_seal.__all__ if inspect.isclass(getattr(napari_seal, name))]


@pytest.mark.parametrize("name", CLASSES)
def test_api_lists_every_public_method(name: str) -> None:
    """Each method and property of a public class is on the page, with words of its own."""
    cls = getattr(napari_seal, name)
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    entry = re.search(
        rf"^\.\. auto(?:class|exception):: {name}\n((?:   [^\n]*\n)*)", text, re.MULTILINE
    )
    assert entry is not None
    members = re.search(r":members:((?:.|\n)*)", entry[1])
    listed = set(re.findall(r"\w+", members[1])) if members else set()
    assert listed == public_members(cls)
    assert all(inspect.getdoc(getattr(cls, member)) for member in listed)

"""The public API is documented in full: every name, parameter, result and exception."""

from __future__ import annotations

import ast
import builtins
import enum
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

import napari_seal
from napari_seal import errors

ROOT = Path(__file__).parents[1]

#: What numpydoc checks that is asked for here.
CHECKS = {
    "GL01": "text begins on the first line, as everywhere in this project",
    "GL03": "no two blank lines",
    "GL06": "no unknown section",
    "GL07": "sections in their order",
    "GL08": "a docstring",
    "SS01": "a summary",
    "SS03": "which ends with a full stop",
    "SS06": "on one line",
    "PR01": "all parameters",
    "PR02": "no others",
    "PR04": "each with its type",
    "PR05": "without a full stop behind it",
    "PR07": "each with a description",
    "PR08": "which begins with a capital letter",
    "PR09": "and ends with a full stop",
    "PR10": "a space before the colon",
    "RT01": "what is returned",
    "RT03": "in words",
    "YD01": "what is yielded",
}
LEFT = {"GL01"}  # the summary stands beside the quotation marks, as in NumPy

#: Made by a function or a method that is documented, and never by hand.
MADE = {"CheckRun", "Ledger", "OpenStack", "Sealing"}

#: What users begin with.  The tutorial and the how-to pages show the others at work.
WITH_EXAMPLE = {
    "Ledger", "Sealer", "StackWriter", "Trust", "adopt", "check", "check_many", "check_stack",
    "load_signing_key", "open_stack", "read", "restore_intensity", "seal", "seal_stack", "verify",
}  # fmt: skip


def promised() -> dict[str, list[str]]:
    """The names in ``docs/api.md``, and their members."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^\.\. auto(?:function|class|exception)::\s+(\w+)((?:\n[ ]+:?.*)*)", text, re.MULTILINE
    )
    out = {}
    for name, options in found:
        listed = re.search(r":members:((?:.|\n)*)", options)
        out[name] = re.findall(r"\w+", listed[1].split(":")[0]) if listed else []
    return out


def objects() -> dict[str, Any]:
    """Each public name and promised member, by the name that users write."""
    out = {}
    for name, members in promised().items():
        out[name] = getattr(napari_seal, name)
        out |= {f"{name}.{member}": getattr(out[name], member) for member in members}
    return out


OBJECTS = objects()


def test_members_that_the_page_promises_are_there() -> None:
    """A method that is renamed must not leave its old name on the page."""
    assert len(OBJECTS) > 120


def _is_told_elsewhere(name: str, message: str) -> bool:
    """Whether a parameter is one of several whose description says where they are explained."""
    from numpydoc.docscrape import NumpyDocString

    parameter = re.search('"(.*?)"', message)
    doc = NumpyDocString(inspect.getdoc(OBJECTS[name]) or "")
    for entry in doc["Parameters"]:
        if parameter and parameter[1] in re.split(r",\s*", entry.name):
            return bool(re.match(r"(See|As|Those) ", " ".join(entry.desc)))
    return False


@pytest.mark.parametrize("name", OBJECTS)
def test_docstrings_are_complete(name: str) -> None:
    """Summary, parameters with types, results: in numpydoc's form."""
    validate = pytest.importorskip(
        "numpydoc.validate", reason="numpydoc is not installed (the extra docs)"
    ).validate
    value = OBJECTS[name]
    found = {}
    for code, message in validate(f"napari_seal.{name}")["errors"]:
        if code not in CHECKS.keys() - LEFT:
            continue
        made = name in MADE or (inspect.isclass(value) and issubclass(value, enum.Enum))
        if code == "PR01" and made:
            continue
        # Its summary says what it gives: there is nothing that it could depend on.
        if code == "RT01" and not inspect.signature(value).parameters.keys() - {"self"}:
            continue
        if code == "RT01" and "\nYields\n" in (inspect.getdoc(value) or ""):  # an iterator
            continue
        if code == "PR04" and _is_told_elsewhere(name, message):
            continue
        found[code] = message
    assert found == {}


def _sources(value: Any) -> list[Any]:
    """The functions whose code a docstring speaks of: of a class, what makes one."""
    if inspect.isclass(value):
        made = [vars(value).get(name) for name in ("__init__", "__post_init__")]
        return [
            function
            for function in made
            if inspect.isfunction(function) and function.__code__.co_filename != "<string>"
        ]
    value = value.fget if isinstance(value, property) else value
    return [inspect.unwrap(getattr(value, "__func__", value))]


def _raised(function: Any) -> set[str]:
    """Names of the exceptions that a function raises itself, by ``raise Name(...)``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):
        return set()
    raised = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc)
    calls = (node.func if isinstance(node, ast.Call) else node for node in raised)
    return {node.id for node in calls if isinstance(node, ast.Name) and node.id[0].isupper()}


def _documented(value: Any) -> set[str]:
    from numpydoc.docscrape import NumpyDocString

    doc = NumpyDocString(inspect.getdoc(value) or "")
    entries = [entry.type or entry.name for entry in doc["Raises"]]
    return {name for entry in entries for name in re.split(r",\s*", entry)}


@pytest.mark.parametrize("name", OBJECTS)
def test_exceptions_are_documented(name: str) -> None:
    """What the code raises itself stands under Raises; what stands there can be imported."""
    pytest.importorskip("numpydoc", reason="numpydoc is not installed (the extra docs)")
    value = OBJECTS[name]
    documented = []
    for error in _documented(value):
        known = getattr(napari_seal, error, None) or getattr(builtins, error, None)
        assert inspect.isclass(known), error
        assert issubclass(known, Exception), error
        documented.append(known)
    for error in set().union(*map(_raised, _sources(value))) - {"NotImplementedError"}:
        places = (napari_seal, errors, builtins)
        known = next(getattr(place, error) for place in places if hasattr(place, error))
        assert issubclass(known, tuple(documented)), error


@pytest.mark.parametrize("name", sorted(WITH_EXAMPLE))
def test_what_users_begin_with_has_an_example(name: str) -> None:
    """It stands in the docstring; the tests of the documentation run it."""
    assert re.search(r"^Examples\n-{8}\n>>> ", inspect.getdoc(OBJECTS[name]) or "", re.MULTILINE)


@pytest.mark.parametrize(
    "name", [name for name, value in OBJECTS.items() if ">>>" in (inspect.getdoc(value) or "")]
)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, without what another one has made."""
    import doctest

    monkeypatch.chdir(tmp_path)
    finder = doctest.DocTestFinder(recurse=False)
    failed = []
    for test in finder.find(OBJECTS[name], name, globs={}):
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(test, out=failed.append)
    assert failed == []

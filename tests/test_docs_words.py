"""What pages name within a sentence is there: commands, options, Python names, files, tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from pages import FENCE, PAGES, ROOT, name_of
from test_docs_settings import commands

import napari_seal
from napari_seal._cli import main

COMMANDS = dict(commands(main))
OPTIONS = {
    name
    for command in COMMANDS.values()
    for option in command.params
    for name in (*option.opts, *option.secondary_opts)
} | {"--help", "--version"}
#: Options of other programs: of scripts of this repository, of tests, and of tools.
OTHERS = {
    "--images", "--ignore", "--nworkers", "--nthreads", "--scale", "--tag",
}  # fmt: skip


#: Texts within files, which begin with the same word.
TEXTS = {"napari-seal stack", "napari-seal report sha256:", "napari-seal test key"}


def codes() -> Iterator[tuple[str, str]]:
    """Pages, and the words in code in their sentences."""
    for page in PAGES:
        if page.name != "CHANGELOG.md":  # it also names what is gone
            text = FENCE.sub("", page.read_text(encoding="utf-8"))
            yield from ((name_of(page), code) for code in re.findall(r"`([^`\n]+)`", text))


CODES = sorted(set(codes()))


def test_commands_in_sentences_are_there() -> None:
    """Each that begins with the name of the program, and with options that it has."""
    for page, code in CODES:
        if not re.match(r"napari-seal [a-z]", code) or code in TEXTS:
            continue
        words = code.split()[1:]
        found = next((n for n in (2, 1) if " ".join(words[:n]) in COMMANDS), 0)
        group = main.get_command(click.Context(main), words[0])
        assert found or isinstance(group, click.Group), f"{page}: {code}"
        if found:
            command = COMMANDS[" ".join(words[:found])]
            known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
            given = {word.partition("=")[0] for word in words[found:] if word.startswith("--")}
            assert given <= known, f"{page}: {code}"


def test_options_in_sentences_are_there() -> None:
    """Each word that begins with two hyphens is an option of ours, or of a tool that is named."""
    for page, code in CODES:
        ours = not re.match(r"(?!napari-seal)[a-z/._-]+ ", code)
        for option in re.findall(r"(?:^| )(--[a-z][a-z-]+)", code) if ours else ():
            assert option in OPTIONS | OTHERS, f"{page}: {code}"


def test_python_in_sentences_is_there() -> None:
    """Each attribute of a public class or of the package, where it is named with a dot."""
    for page, code in CODES:
        for name, attribute in re.findall(r"(?<![\w./])([A-Za-z_]+)\.([a-z_]+)\b", code):
            if name == "napari_seal" and not attribute.startswith("_"):
                assert hasattr(napari_seal, attribute), f"{page}: {code}"
            elif name in napari_seal.__all__ and name[0].isupper():
                cls = getattr(napari_seal, name)
                fields = getattr(cls, "__dataclass_fields__", ())
                assert hasattr(cls, attribute) or attribute in fields, f"{page}: {code}"


def test_keywords_in_sentences_are_there() -> None:
    """Each keyword in a call of ours, as in ``check(path, source=...)``."""
    import inspect

    for page, code in CODES:
        if call := re.fullmatch(r"(?:napari_seal\.)?([A-Za-z_.]+)\((.*)\)", code):
            target = napari_seal
            for part in call[1].split("."):
                target = getattr(target, part, None)
            if target is None or call[1].split(".")[0] not in napari_seal.__all__:
                continue
            known = set(inspect.signature(target).parameters)
            assert set(re.findall(r"(\w+)=", call[2])) <= known, f"{page}: {code}"


@pytest.mark.parametrize("folder", ["tests", "docs", "benchmarks", "fuzzing", "src"])
def test_files_in_sentences_are_there(folder: str) -> None:
    """Each path of the repository."""
    for page, code in CODES:
        for path in re.findall(rf"(?<![\w./]){folder}/[\w./-]+", code):
            if "_build" not in path:
                assert (ROOT / path.rstrip("./")).exists(), f"{page}: {code}"


def test_tests_in_sentences_are_there() -> None:
    """Each test that a page rests on, and each table of rows."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for page, code in CODES:
        if re.fullmatch(r"test_\w+", code):
            assert f"def {code}(" in text, f"{page}: {code}"


def test_no_exception_is_for_nothing() -> None:
    """Each option of others, and each text, is on a page."""
    words = {word for _, code in CODES for word in code.split()}
    assert words >= OTHERS
    assert {code for _, code in CODES} >= TEXTS

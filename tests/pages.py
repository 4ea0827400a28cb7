"""The pages of the documentation, taken apart: blocks of code, headings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
if not DOCS.is_dir():
    pytest.skip("the documentation is not here", allow_module_level=True)

#: Every page, those beside the documentation included.
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("[!_]*/**/*.md")])

FENCE = re.compile(r"^```([\w{}-]*)[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its page, language and text, and the line on which the text begins."""

    page: str
    language: str
    text: str
    line: int

    @property
    def first(self) -> str:
        """Its first line, by which lists name it."""
        return self.text.partition("\n")[0]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def name_of(page: Path) -> str:
    """The path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, from top to bottom."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(name_of(page), match[1], match[2], text.count("\n", 0, match.start(2)) + 1)
        for match in FENCE.finditer(text)
    ]


def prose_of(page: Path) -> str:
    """A page without its blocks and its words in code."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return re.sub(r"`[^`\n]*`", "", text)


def section_of(page: str, heading: str) -> str:
    """A section of a page, with the smaller sections in it; under the title, all of the page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.MULTILINE)
    assert found is not None, f"{page} has no section {heading!r}"
    # In blocks, lines with one # are remarks; no section but all of the page is as large as that.
    end = rf"^#{{2,{len(found[1])}}} " if len(found[1]) > 1 else r"\Z"
    return re.split(end, text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def links_of(page: Path) -> Iterator[str]:
    """Where the links and images of a page lead."""
    for match in re.finditer(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", prose_of(page)):
        yield match[1] or match[2]


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(
        r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

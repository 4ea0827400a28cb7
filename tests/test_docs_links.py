"""Every link of the pages leads somewhere: within, down to the heading; outside, by its form.

Whether what is outside is still there, `sphinx-build -b linkcheck docs docs/_build/links` asks.
That needs the network, and depends on others: CI tells what it says, and fails nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pages import DOCS, PAGES, ROOT, anchors_of, links_of, name_of

#: Where links may lead.  Who puts a host here has looked whether it is the project's own.
HOSTS = {
    "distributed.dask.org",
    "docs.python.org",
    "exiftool.org",
    "filesystem-spec.readthedocs.io",
    "git-annex.branchable.com",
    "github.com",
    "jobqueue.dask.org",
    "keepachangelog.com",
    "pymmcore-plus.github.io",
    "semver.org",
    "spec.c2pa.org",
    "www.openmicroscopy.org",
    "www.rfc-editor.org",
}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_within_lead_somewhere(page: Path) -> None:
    """Every relative link and image is there, down to the heading."""
    for link in links_of(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{name_of(page)}: {link}"
        assert target.is_relative_to(ROOT), f"{name_of(page)}: {link}"
        if anchor:
            assert anchor in anchors_of(target), f"{name_of(page)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_outside_are_well_formed(page: Path) -> None:
    """They are https, to a host that is known, without a user, a port or a blank."""
    for link in links_of(page):
        if not re.match(r"[a-z]+:", link):
            continue
        parts = urlsplit(link)
        assert parts.scheme == "https", f"{name_of(page)}: {link}"
        assert parts.netloc in HOSTS, f"{name_of(page)}: {link}"
        assert re.fullmatch(r"/[\w./~-]*", parts.path or "/"), f"{name_of(page)}: {link}"


def test_no_host_is_allowed_for_nothing() -> None:
    """The list has no host that no page leads to."""
    assert {urlsplit(link).netloc for page in PAGES for link in links_of(page)} - {""} == HOSTS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_images_say_what_they_show(page: Path) -> None:
    """An image has words in its place for those who do not see it."""
    text = re.sub(r'<img src="([^"]+)"[^>]* alt="([^"]*)">', r"![\2](\1)", page.read_text("utf-8"))
    assert "<img" not in text, "an image without words, or with its attributes in another order"
    for words, image in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text):
        assert len(words.split()) >= 4, f"{name_of(page)}: {image}"


def test_every_page_can_be_reached() -> None:
    """Each page is in the navigation, and no image lies about."""
    named = {
        (page.parent / entry).with_suffix(".md")
        for page in DOCS.rglob("*.md")
        for tree in re.findall(r"```{toctree}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        for entry in re.findall(r"^[\w/-]+$", tree, re.MULTILINE)
    }
    assert named | {DOCS / "index.md"} == {page for page in PAGES if page.is_relative_to(DOCS)}
    shown = "".join(page.read_text("utf-8") for page in PAGES)
    for image in (DOCS / "images").iterdir():
        assert image.name in shown, image.name


def test_the_readme_begins_with_what_it_is() -> None:
    """One sentence, a picture, and the two commands, which .ci/run takes from here and runs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before = text.partition("\n## ")[0]
    title, sentence, picture, demo, _, tests, _ = re.sub(r"\n\n+", "\0", before.strip()).split("\0")
    assert title == "# napari-seal"
    assert sentence.count(". ") == 0
    assert "opened-altered.png" in picture
    for block, command in ((demo, "napari-seal demo"), (tests, "pytest")):
        assert re.fullmatch(rf"```\n[^\n]*{command}[^\n]*\n```", block)

"""The HTML report as a browser reads it, and verdicts to write into one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from napari_seal import Outcome, Reason, ReasonCode, Verdict
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.report import page_html
from napari_seal._verify.report.page import html_report
from napari_seal._verify.report.summary import Run
from napari_seal._verify.verdict import Box

NASTY = "</script><!--<script>\u2028\u2029\u202e&amp;\"'><img src=x onerror=alert(1)>]]>\x1b\udcff"
REASON = Reason(code=ReasonCode.PIXELS_MISMATCH, message="Other pixels.", expected="a", found="b")


class Page(HTMLParser):
    """What a browser makes of a report: elements with their attributes, and their text."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_bytes().decode("utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.contents: list[tuple[str, str]] = []  # of the innermost element
        self.text = ""
        self._inside = ""
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            self.contents.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            tag, content = self.contents.pop()
            self.contents.append((tag, content + data))
        else:
            self.text += data

    def all(self, name: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = attributes.items()
        return [attrs for tag, attrs in self.elements if tag == name and wanted <= attrs.items()]

    @property
    def rows(self) -> list[Any]:
        scripts = [content for tag, content in self.contents if tag == "script"]
        kinds = self.all("script")
        assert len(scripts) == len(kinds)
        blocks = [s for s, kind in zip(scripts, kinds, strict=True) if kind.get("class") == "rows"]
        return [row for block in blocks for row in json.loads(block)]

    @property
    def summary(self) -> Any:
        line = self.source.partition(page_html.SUMMARY.decode())[2]
        return json.loads(line.partition("</script>")[0])

    @property
    def counts(self) -> list[int]:
        numbers = re.findall(r'<td class="number">([\d,]+)</td>', self.source)
        return [int(number.replace(",", "")) for number in numbers]


def write(path: Path, verdicts: Iterable[Verdict], **options: Any) -> Page:
    with html_report(str(path), Run(**options)) as watch:
        for _ in watch(verdicts):
            pass
    return Page(path)


def changed(path: Path, *regions: Box, scores: ScoreMap | None = None) -> Verdict:
    return Verdict(
        path=str(path),
        verdict=Outcome.IMAGE_CHANGED,
        reasons=(REASON,),
        regions=regions,
        scores=scores,
    )

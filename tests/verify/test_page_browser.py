"""The HTML report in a browser, whose script shows, filters, sorts and turns its table."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from report_page import NASTY, REASON, changed, write
from support import skip_or_fail

from napari_seal import Outcome, Reason, ReasonCode, Verdict
from napari_seal._verify.report import page_html

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


@pytest.fixture
def browser() -> str:
    """The command of a browser that runs without a window."""
    if not BROWSER:
        skip_or_fail("browser", "there is no Chromium")
    return BROWSER


def rendered(path: Path) -> str:
    """The page after its script has run, as HTML."""
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={path.parent / 'browser'}", "--virtual-time-budget=10000"]
    run = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout


@pytest.mark.usefixtures("browser")
def test_a_browser_shows_the_table(tmp_path: Path, picture: Path) -> None:
    """The policy lets the script run; of very many files, a hundred are elements, gravest first."""
    verdicts = [Verdict(path=f"{n:05}.jpg", verdict=Outcome.INTACT) for n in range(20_000)]
    hostile = picture.rename(tmp_path / "<img src=x>.jpg")
    why = Reason(code=ReasonCode.NO_SEAL_FOUND, message=NASTY, expected=NASTY, found=NASTY)
    verdicts += [
        changed(hostile, (0, 0, 9, 9)),
        Verdict(path=NASTY, verdict=Outcome.NO_SEAL, reasons=(why, why)),
    ]
    write(tmp_path / "report.html", verdicts)
    shown = rendered(tmp_path / "report.html")
    assert "1 to 100 of 20,002" in shown
    body = shown.rpartition("<tbody>")[2].partition("</tbody>")[0]
    words = re.findall(r"<td[^>]*>. ([a-z-]+)</td>", body)
    assert words == ["image-changed", "no-seal", *["intact"] * 98]
    assert 'href="#picture-1"' in body
    assert body.count("<svg") == 1
    assert "<img" not in shown


ACTIONS = """
document.querySelector('button[data-outcome="{place}"]').click();
const status = () => document.getElementById("status").textContent;
const first = () => document.querySelector("#files tbody th").textContent;
const log = [status()];
document.querySelector('button[data-outcome=""]').click();
document.querySelector('button[data-turn="last"]').click();
log.push(status());
document.querySelectorAll("#files thead button")[1].click();
log.push(first());
document.querySelectorAll("#files thead button")[1].click();
log.push(first(), document.querySelector('[aria-sort="descending"]').textContent);
const search = document.getElementById("search");
search.value = "OTHER pix";
search.dispatchEvent(new Event("input"));
setTimeout(() => {{
  log.push(status());
  document.body.append("LOG" + JSON.stringify(log) + "GOL");
}}, 1000);
"""


@pytest.mark.usefixtures("browser")
def test_a_reader_filters_sorts_and_turns_pages(tmp_path: Path) -> None:
    """Verdicts and text narrow the table, columns sort it, and its pages are all there."""
    verdicts = [Verdict(path=f"{n:05}.jpg", verdict=Outcome.INTACT) for n in range(250)]
    verdicts += [Verdict(path="bad.jpg", verdict=Outcome.TRUNCATED, reasons=(REASON,))]
    page = write(tmp_path / "report.html", verdicts)
    actions = ACTIONS.format(place=page_html.OUTCOMES.index(Outcome.TRUNCATED))
    source = re.sub(r"<meta http-equiv[^>]*>", "", page.source)
    driven = tmp_path / "driven.html"
    driven.write_text(source.replace("</body>", f"<script>{actions}</script></body>"))
    log = json.loads(rendered(driven).rpartition("LOG")[2].partition("GOL")[0])
    assert log == [
        "1 to 1 of 1 (filtered from 251)",
        "201 to 251 of 251",
        "00000.jpg",
        "bad.jpg",
        "File",
        "1 to 1 of 1 (filtered from 251)",
    ]

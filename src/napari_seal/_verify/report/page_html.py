"""The HTML around the rows and the pictures of a report.

Whatever comes from a file, its name included, goes through `text` or `data`.  Should something slip
through all the same, the page's own policy lets no other script, style or address do anything.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from napari_seal._format.times import in_utc
from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import COLOURS, LOOKS, SIGNS, Tone
from napari_seal._verify.report.summary import PATHS, Run, versions
from napari_seal._verify.verdict import Outcome
from napari_seal._version import __version__

#: Rows of the script name their verdict by its place here; the first is `intact`.  A word that came
#: later stands at the end, so that reports of before can be checked.
_LATER: Final = (Outcome.SIGNATURE_INVALID,)
OUTCOMES: Final = (*(outcome for outcome in Outcome if outcome not in _LATER), *_LATER)

_FIRST: Final = (Outcome.IMAGE_CHANGED, Outcome.TRUNCATED)


def _gravity(outcome: Outcome) -> tuple[int, bool]:
    return -list(Tone).index(LOOKS[outcome].tone), outcome not in _FIRST


#: From the gravest on: the order of the tables.
GRAVEST_FIRST: Final = sorted(Outcome, key=_gravity)

#: What begins and ends a block of rows, and stands between two of them.
NEW_ROWS: Final = b'<script type="application/json" class="rows">[\n'
BETWEEN_ROWS: Final = b",\n"
END_OF_ROWS: Final = b"\n]</script>\n"

#: Where the summary begins, for who reads the page without a browser.
SUMMARY: Final = b'<script type="application/json" id="summary">'


@dataclass(slots=True)
class Left:
    """What a page leaves out: rows, pictures past their number, and those nobody can decode."""

    rows: int = 0
    pictures: int = 0
    undecodable: int = 0


def text(value: object) -> str:
    """Text for an element or an attribute: hidden characters escaped, then HTML's own."""
    return html.escape(printable(value))


def data(value: object) -> bytes:
    """JSON for a script element, in which nothing can end it, open a comment or break a line."""
    plain = json.dumps(value, separators=(",", ":"))
    for character in "<>&":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    return plain.encode("ascii")


def head(counts: Counter[Outcome], run: Run, left: Left, drawn: int) -> bytes:
    """From the first byte to the end of the overview."""
    total, intact = counts.total(), counts[Outcome.INTACT]
    if total == intact:
        tone = Tone.GOOD
        headline = "The one file is intact" if total == 1 else f"All {total:,} files are intact"
    else:
        tone = Tone.BAD
        verb = "is" if total - intact == 1 else "are"
        headline = f"{total - intact:,} of {_files(total)} {verb} not intact"
    if run.not_trusted:
        tone = Tone.BAD
        verb = "has" if run.not_trusted == 1 else "have"
        headline += f", {run.not_trusted:,} {verb} no trusted signature"
    links = ['<a href="#list">Files</a>']
    if drawn:
        links.append(f'<a href="#pictures">Changed pictures ({drawn:,})</a>')
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="napari-seal {__version__}">
<title>{headline} - napari-seal</title>
<style>{_style()}</style>
</head>
<body>
<header>
<h1><span class="{tone}" aria-hidden="true">{SIGNS[tone]}</span> {headline}</h1>
<nav aria-label="Parts of this page">{" · ".join(links)}</nav>
</header>
<main>
<section class="overview" aria-label="Overview">
{_counts(counts)}
{_parameters(run, left)}
</section>
""".encode()


def _counts(counts: Counter[Outcome]) -> str:
    rows = "\n".join(
        f'<tr><th scope="row"><button type="button" class="filter {LOOKS[outcome].tone}" disabled '
        f'data-outcome="{OUTCOMES.index(outcome)}" aria-pressed="false">{LOOKS[outcome].sign} '
        f'{outcome}</button></th><td class="number">{counts[outcome]:,}</td>'
        f"<td>{text(outcome.meaning)}</td></tr>"
        for outcome in GRAVEST_FIRST
        if counts[outcome]
    )
    return f"""<table class="counts">
<caption>Files by verdict</caption>
<thead><tr><th scope="col">Verdict</th><th scope="col">Files</th><th scope="col">Meaning</th></tr>
</thead>
<tbody>
{rows}
</tbody>
<tfoot><tr><th scope="row"><button type="button" class="filter" disabled data-outcome=""
aria-pressed="true">all files</button></th><td class="number">{counts.total():,}</td><td></td></tr>
</tfoot>
</table>"""


def _parameters(run: Run, left: Left) -> str:
    paths = [f'<span class="path">{text(path)}</span>' for path in run.paths[:PATHS]]
    if len(run.paths) > PATHS:
        paths.append(f"and {len(run.paths) - PATHS:,} more")
    begun, ended = (
        f'<time datetime="{in_utc(moment)}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>'
        for moment in (run.begun, run.ended)
    )
    rows = [
        ("Checked", "<br>".join(paths) or "-"),
        ("Options", f'<span class="path">{text(" ".join(run.options) or "none")}</span>'),
        ("Begun", begun),
        ("Ended", f"{ended}, after {_duration(run.seconds)}"),
        ("Complete", "yes" if run.stopped is None else f"no: {text(run.stopped)}"),
        *_signatures(run),
        ("Software", ", ".join(f"{name} {version}" for name, version in versions().items())),
        ("Digest", "in the last line; <code>napari-seal report check FILE</code> compares it"),
    ]
    if left.rows:
        rows.append(
            ("Not listed", f"{_files(left.rows)}, which the counts include; --csv lists all.")
        )
    return (
        "<dl>\n" + "\n".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"
    )


def _signatures(run: Run) -> list[tuple[str, str]]:
    """How many files are in which state, unless nobody signed anything."""
    states = [state for state in Signature if run.signatures[state]]
    if states in ([], [Signature.NONE]):
        return []
    return [("Signatures", ", ".join(f"{run.signatures[state]:,} {state}" for state in states))]


def around_rows() -> tuple[bytes, bytes]:
    """What comes before the blocks of rows and what after them."""
    begin = """<section id="list" aria-labelledby="list-title">
<h2 id="list-title">Files</h2>
<noscript><p>The list of files needs JavaScript; counts and pictures do not.</p></noscript>
<div class="tools" id="tools" hidden>
<label for="search">Find</label>
<input type="search" id="search" placeholder="in paths, signers and reasons" autocomplete="off">
<span role="group" aria-label="Pages of the table">
<button type="button" data-turn="first">First</button>
<button type="button" data-turn="previous">Previous</button>
<button type="button" data-turn="next">Next</button>
<button type="button" data-turn="last">Last</button>
</span>
<p id="status" role="status"></p>
</div>
<table id="files" aria-labelledby="list-title" hidden>
<thead><tr>
<th scope="col" aria-sort="ascending"><button type="button">Verdict</button></th>
<th scope="col" aria-sort="none"><button type="button">File</button></th>
<th scope="col" aria-sort="none"><button type="button">Why</button></th>
</tr></thead>
<tbody></tbody>
</table>
"""
    return begin.encode(), b"</section>\n"


def around_pictures(drawn: int, left: Left) -> tuple[bytes, bytes]:
    """What comes before the pictures and what after them; nothing where there are none."""
    notes = []
    if left.pictures:
        notes.append(
            f"The pictures of the first {drawn:,} changed files are shown; those of "
            f"{left.pictures:,} more were left out."
        )
    if left.undecodable:
        has = "file has" if left.undecodable == 1 else "files have"
        notes.append(f"{left.undecodable:,} changed {has} no picture that can be decoded.")
    if not drawn and not notes:
        return b"", b""
    begin = f"""<section id="pictures" aria-labelledby="pictures-title">
<h2 id="pictures-title">Changed pictures</h2>
<p class="faint">{" ".join(notes)}</p>
<div class="pictures">
"""
    return begin.encode(), b"</div>\n</section>\n"


def tail(summary: dict[str, Any]) -> bytes:
    """From the end of the content to the last byte but the digest."""
    # Verdicts as the script needs them: word, class, sign, place in the order of gravity.
    looks = [(str(o), str(LOOKS[o].tone), LOOKS[o].sign, GRAVEST_FIRST.index(o)) for o in OUTCOMES]
    return (
        b'</main>\n%b%b</script>\n<script type="application/json" id="outcomes">%b</script>\n'
        b"<script>%b</script>\n</body>\n</html>\n"
    ) % (SUMMARY, data(summary), data(looks), _resource("page.js").encode())


def _files(number: int) -> str:
    return f"{number:,} {'file' if number == 1 else 'files'}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


@cache
def _resource(name: str) -> str:
    # Read as text: a checkout on Windows may have other line ends than the digest below is of.
    content = resources.files("napari_seal._verify.report").joinpath(name).read_text("utf-8")
    return f"\n{content}"


def _style() -> str:
    """The style sheet, with the colours of the tones before it."""
    white, black = (
        " ".join(f"--{tone}: {getattr(COLOURS[tone], ground)};" for tone in Tone)
        for ground in ("on_white", "on_black")
    )
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {black} }} }}"
    return f"\n:root {{ {white} }}\n{dark}{_resource('page.css')}"


def _policy() -> str:
    """Content-Security-Policy: this very style and script, pictures inside the page, no more."""
    style, script = (
        base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        for content in (_style(), _resource("page.js"))
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )

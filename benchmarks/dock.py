"""How the dock widget "Verify sealed images" bears a million results: memory, and waiting times.

Run it under an X display (Xvfb will do)::

    xvfb-run -s "-screen 0 1366x768x24" python benchmarks/dock.py [--rows 1000000]

The results are real `Verdict` objects, but no file is checked.  "held" is the longest time in which
the window could not have answered; "took" is until the table was as asked for.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator

# Nobody's own preferences are read or written.
os.environ["NAPARI_CONFIG"] = os.path.join(tempfile.mkdtemp(prefix="napari-seal-"), "n.yaml")

from napari._qt.qt_event_loop import get_qapp
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_seal._napari.verifying.verdict_rows import VerdictRows
from napari_seal._napari.verifying.verify_export import ExportJob
from napari_seal._napari.verifying.verify_widget import VerifyWidget
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

_TICK = 5000


def verdict(n: int) -> Verdict:
    """One file in ten was edited, each in another place; one in a hundred has no seal."""
    outcome, reasons = Outcome.INTACT, ()
    if n % 100 == 0:
        outcome = Outcome.NO_SEAL
        reasons = (Reason(code=ReasonCode.NO_SEAL_FOUND, message="There is no seal in the file."),)
    elif n % 10 == 0:
        message = f"The picture was edited in 1 place: rows {n % 997} to {n % 997 + 16}."
        outcome = Outcome.IMAGE_CHANGED
        reasons = (Reason(code=ReasonCode.EDITED, message=message, expected="0", found="1"),)
    path = f"/data/archive/plate_{n % 700:04d}/field_{n * 7919 % 10**6:07d}.sealed.jpg"
    return Verdict(path=path, verdict=outcome, reasons=reasons)


def resident() -> int:
    """Bytes of memory in use."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    number = parser.parse_args().rows
    application = get_qapp()
    widget = VerifyWidget(ViewerModel())
    widget.native.resize(420, 720)
    widget.native.show()
    application.processEvents()
    model, table = widget.table.results, widget.table
    rows = VerdictRows("/data/archive")

    def turns(step: Callable[[], object], until: Callable[[], bool]) -> tuple[float, float]:
        begun = time.perf_counter()
        step()
        held = time.perf_counter() - begun
        while True:
            started = time.perf_counter()
            application.processEvents()
            held = max(held, time.perf_counter() - started)
            if until():
                return held, time.perf_counter() - begun
            if not model.busy:
                time.sleep(0.005)  # as an event loop that waits does

    def tell(name: str, held: float, took: float) -> None:
        print(f"| {name} | {held * 1000:.0f} ms | {took:.2f} s |")

    def batches() -> Iterator[list[Verdict]]:
        for start in range(0, number, _TICK):
            yield [verdict(n) for n in range(start, min(start + _TICK, number))]

    before = resident()
    model.show_rows(rows)
    held = took = 0.0
    for batch in batches():
        packed = [rows.pack(batch[at : at + 500]) for at in range(0, len(batch), 500)]

        def step(packed: list[object] = packed) -> None:
            model.append(packed)
            widget._show_state()

        one, whole = turns(step, lambda: True)
        held, took = max(held, one), took + whole
    del batch, packed
    print(f"{number:,} results, {(resident() - before) / number:.0f} bytes each\n")
    print("| what | held | took |\n|---|---|---|")
    tell(f"appending, {_TICK:,} a tick", held, took)
    settled = lambda: not model.busy  # noqa: E731
    ascending, descending = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
    header, bar = table.horizontalHeader(), table.verticalScrollBar()
    for name, action in {
        "filter by verdict": lambda: model.set_filter("image-changed", ""),
        "filter by text": lambda: model.set_filter("", "rows 500"),
        "no filter": lambda: model.set_filter("", ""),
        "sort by verdict": lambda: header.setSortIndicator(0, descending),
        "sort by file": lambda: header.setSortIndicator(1, ascending),
        "sort by reason": lambda: header.setSortIndicator(2, descending),
        "select all": table.selectAll,
        "sort with all selected": lambda: header.setSortIndicator(1, descending),
    }.items():
        tell(name, *turns(action, settled))
    places = range(0, bar.maximum(), max(1, bar.maximum() // 200))
    scrolled = [turns(lambda at=at: bar.setValue(at), lambda: True) for at in places]
    tell("scrolling, 200 places", max(h for h, _ in scrolled), sum(t for _, t in scrolled))
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("csv", "jsonl"):
            job = ExportJob(os.path.join(folder, f"v.{ending}"), rows, None, "all")
            tell(f"export as {ending}", *turns(job.start, lambda job=job: job.done))
            assert job.failure is None
    widget.native.close()


if __name__ == "__main__":
    main()

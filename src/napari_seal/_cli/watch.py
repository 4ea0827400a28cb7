"""``napari-seal watch``: seal files as they appear."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from napari_seal._cli.seal_options import read_options, seal_options
from napari_seal._cli.spans import Span
from napari_seal._cli.watch_log import WatchLog
from napari_seal._files import is_address
from napari_seal._folders import lies_in
from napari_seal._text import printable
from napari_seal.errors import OptionError, WriteError

if TYPE_CHECKING:
    from napari_seal._watch.settings import Settings


@click.command(short_help="Seal the images in a folder as they appear.")
@click.argument("raw", metavar="RAW")
@click.option(
    "--out", required=True, metavar="DIR", help="Folder for the sealed images; created if needed."
)
@seal_options
@click.option(
    "--ledger", metavar="FILE", help="The ledger to keep; by default ledger.db in the folder DIR."
)
@click.option("--once", is_flag=True, help="Seal what is there, and end.")
@click.option(
    "--settle",
    type=Span(),
    default="3s",
    show_default=True,
    metavar="TIME",
    help="A file that has not changed for so long is sealed.",
)
@click.option(
    "--give-up",
    type=Span(),
    default="10m",
    show_default=True,
    metavar="TIME",
    help="A file that cannot be read, and has not changed for so long, is reported.",
)
@click.option(
    "--rescan",
    type=Span(),
    metavar="TIME",
    help="Look at all files so often; by default every 60s, with --poll every 10s.",
)
@click.option("--poll", is_flag=True, help="Use no events: for network mounts, which have none.")
@click.option(
    "--timeout",
    type=Span(),
    default="1h",
    show_default=True,
    metavar="TIME",
    help="Give up sealing a file, for now, after so long.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
def watch(
    raw: str,
    out: str,
    ledger: str | None,
    once: bool,
    settle: float,
    give_up: float,
    rescan: float | None,
    poll: bool,
    timeout: float,
    jobs: int | None,
    **sealing: Any,
) -> None:
    """Seal the images in a folder as they appear, each once, and keep a ledger of them.

    The files are those that `napari-seal seal RAW` takes, and get the names that it gives.  Files
    that are still written, hidden ones and parts (.part, .tmp) are left alone until they are
    complete.  Nothing is written into RAW, or deleted there.  Stopped or killed at any moment, the
    next start goes on.

    Exit code: 0 when it was told to stop (SIGTERM), 2 if it could not run.  With --once: 0 if
    every file is sealed, 1 if some is not.
    """
    raw, out = _folders(raw, out)
    ledger = os.path.abspath(ledger) if ledger is not None else os.path.join(out, "ledger.db")
    if lies_in(os.path.realpath(ledger), raw):
        raise OptionError(
            f"nothing is written into RAW; name a --ledger outside of it, not {ledger!r}"
        )
    options = read_options(**sealing)
    from napari_seal._disk import make_folder
    from napari_seal._parallel import available_cores
    from napari_seal._watch.journal import is_there
    from napari_seal._watch.settings import Settings

    # Where a watch was before, a folder that is not there may be a disk that is to come.
    if not os.path.isdir(raw) and (once or not is_there(out)):
        raise OptionError(f"there is no folder {printable(raw)!r} to watch")
    try:
        make_folder(out)
    except OSError as error:
        text = f"the folder {printable(out)!r} cannot be made: {error.strerror}"
        raise WriteError(text) from error
    settings = Settings(
        raw=raw, out=out, ledger=ledger, options=options, settle=settle, give_up=give_up,
        timeout=timeout, rescan=rescan or (10.0 if poll else 60.0),
        jobs=jobs or available_cores(), once=once,
    )  # fmt: skip
    _run(settings, with_events=not (poll or once))


def _run(settings: Settings, *, with_events: bool) -> None:
    from napari_seal._watch.watch import Watch

    events = None
    if with_events:
        from napari_seal._watch.events import start_events

        events = start_events
    log = WatchLog()
    interrupted = []
    try:
        watching = Watch(settings, log, events)

        def stop(number: int, _: object) -> None:
            watching.stopping = True
            if number == signal.SIGINT:
                interrupted.append(number)
                signal.signal(number, signal.default_int_handler)  # the next one is heard at once

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        watching.run()
    finally:
        log.close()
    total = f"{watching.sealed:,} {'file' if watching.sealed == 1 else 'files'} sealed"
    log.say(f"{total} ({watching.images:,} images), {watching.failures:,} failed")
    if interrupted:
        sys.exit(130)
    sys.exit(1 if settings.once and not watching.all_well else 0)


def _folders(raw: str, out: str) -> tuple[str, str]:
    """The two folders, whatever links lead to them.

    Raises
    ------
    OptionError
        One lies in the other, or is at an address.
    """
    for name in (raw, out):
        if is_address(name):
            raise OptionError(f"only folders of this machine are watched, not {printable(name)!r}")
    raw, out = os.path.realpath(raw), os.path.realpath(out)
    if lies_in(raw, out) or lies_in(out, raw):
        raise OptionError(
            f"RAW and --out are two folders, of which none lies in the other, not "
            f"{printable(raw)!r} and {printable(out)!r}"
        )
    from napari_seal._images.names import is_zarr

    if is_zarr(raw):
        raise OptionError(f"{printable(raw)!r} is one image; name the folder in which it lies")
    return raw, out

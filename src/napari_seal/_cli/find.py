"""``napari-seal find``: which stored image this is."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from napari_seal._cli.ledger_options import look_into, required_ledger
from napari_seal.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_seal._format.digest import Digest
    from napari_seal._verify.ledger.entries import LedgerEntry
    from napari_seal._verify.ledger.ledger import Ledger


@click.command(short_help="Find an image in a ledger, by digest or file.")
@click.argument("what", metavar="DIGEST|FILE")
@required_ledger
def find(what: str, ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """Find an image in a ledger: by a digest, by how it begins, or by a file.

    DIGEST is that of the image data, the record, the source or the pixels, or an ImageUniqueID;
    four hexadecimal digits of its beginning are enough.  FILE is any that `seal` reads, with
    the original or a stack with it, or a sealed file.

    Exit code: 0 if an image was found, 1 if not, 2 if it could not be looked for.
    """
    from napari_seal._cli.console import console, table

    with ExitStack() as stack:
        ledger = look_into(stack, ledger_file, ledger_root)
        found = list(_found(ledger, what))
    if as_json:
        entries = [{"searched": by, **entry.as_dict()} for by, entry in found]
        click.echo(json.dumps(entries, indent=2))
    elif found:
        from rich.text import Text

        from napari_seal._text import printable

        rows = table("file", "verdict", "found by", "last verified")
        for by, entry in found:
            kind = f"{entry.matched}: {by}" if by else str(entry.matched)
            rows.add_row(
                Text(printable(entry.path)), printable(entry.verdict), kind, entry.last_verified
            )
        console().print(rows)
    else:
        click.echo("Not in the ledger.")
    sys.exit(0 if found else 1)


def _found(ledger: Ledger, what: str) -> Iterator[tuple[str, LedgerEntry]]:
    """Entries, each with what was searched for where that is not plain."""
    if not os.path.isfile(what) and not (os.path.isdir(what) and _is_zarr(what)):
        try:
            entries = ledger.find(what)
        except OptionError as error:  # a file was meant, perhaps
            raise OptionError(f"{error}; and there is no such file") from error
        for entry in entries:
            yield "", entry
        return
    from napari_seal._verify.ledger.lookup import digests_of_file

    seen: set[tuple[str, str | None]] = set()
    searched: set[Digest] = set()
    for by, digest in digests_of_file(what):
        if digest in searched:
            continue
        searched.add(digest)
        for entry in ledger.find(digest):
            if (entry.path, entry.matched) not in seen:
                seen.add((entry.path, entry.matched))
                yield by, entry


def _is_zarr(folder: str) -> bool:
    from napari_seal._images.names import is_zarr

    return is_zarr(folder)

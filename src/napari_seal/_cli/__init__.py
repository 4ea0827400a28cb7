"""The command line: a thin shell over the core.

Exit codes: 0 every file intact (or sealed); 1 some file is not; 2 could not run, or there was
nothing to do; 130 interrupted.

What a command needs beyond click is imported when it runs: ``verify`` starts in a moment.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from napari_seal._cli.demo import demo
from napari_seal._cli.find import find
from napari_seal._cli.ledger import ledger
from napari_seal._cli.seal import seal
from napari_seal._cli.show import show
from napari_seal._cli.verify import verify
from napari_seal._version import __version__
from napari_seal.errors import SealError

__all__ = ["main"]


class _CannotRunError(click.ClickException):
    exit_code = 2


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Turn errors of ours into one line and the exit code 2."""
        try:
            return super().invoke(ctx)
        except SealError as error:
            raise _CannotRunError(str(error)) from error
        except BrokenPipeError:  # `| head`: nobody reads on
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(2)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise _CannotRunError(f"{error.strerror or error}{where}") from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="napari-seal")
def main() -> None:
    """Seal microscope images, and tell whether they were changed."""


for _command in (seal, verify, show, find, ledger, demo):
    main.add_command(_command)

"""The command line: a thin shell over the core.

Exit codes: 0 every file intact (or sealed); 1 some file is not; 2 could not run, or there was
nothing to do; 130 interrupted.

Each command is imported when it is asked for, and what it needs beyond click when it runs:
``verify`` starts in a moment.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from typing import Any, Final

# Imports make many objects and no garbage, and verdicts are gone as soon as nobody holds them: to
# look for garbage as often as Python does takes a twentieth of the start.
gc.set_threshold(50_000, 20, 50)

import click  # noqa: E402 - what it imports counts most

from napari_seal._version import __version__  # noqa: E402
from napari_seal.errors import SealError  # noqa: E402

__all__ = ["main"]


#: Commands in the order of ``--help``: each a function of its name in the module of its name.
_COMMANDS: Final = (
    "seal", "watch", "adopt", "verify", "show", "keygen", "find", "ledger", "report", "demo",
)  # fmt: skip


class _CannotRunError(click.ClickException):
    exit_code = 2


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"napari_seal._cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Turn errors of ours into one line and the exit code 2."""
        _let_all_be_written()
        try:
            return super().invoke(ctx)
        except SealError as error:
            raise _CannotRunError(_shown(error)) from error
        except BrokenPipeError:  # `| head`: nobody reads on
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(2)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise _CannotRunError(_shown(f"{error.strerror or error}{where}")) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(130)


def _let_all_be_written() -> None:
    """Write as escapes what standard output has no characters for, as standard error does.

    Signs of verdicts are not in every code page, and a run that cannot print one would end with an
    exit code that says something of the files.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _shown(error: object) -> str:
    """The text of an error, which may name files and quote what is in them."""
    from napari_seal._text import printable

    return printable(error)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="napari-seal")
def main() -> None:
    """Seal microscope images, and tell whether they were changed."""

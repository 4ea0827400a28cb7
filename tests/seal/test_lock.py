"""One process at a time in the folder of a stack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_seal import WriteError
from napari_seal._seal.lock import locked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no locks for folders")

_HOLD = """
import sys
from napari_seal._seal.lock import locked
with locked(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_kept_out_until_the_end(tmp_path: Path) -> None:
    """Also where that is by a kill; nothing is left behind."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(WriteError, match="another process is writing"), locked(str(tmp_path)):
            pass
        process.kill()
    with locked(str(tmp_path)):
        assert list(tmp_path.iterdir()) == []

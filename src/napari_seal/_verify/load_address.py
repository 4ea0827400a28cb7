"""Reading one file at an address whole: the answer is bytes or a reason, as of a local file."""

from __future__ import annotations

from napari_seal._files import ChangedError, TooLargeError, read
from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._verify.not_read import because_of, changed, too_large
from napari_seal._verify.reasons import Reason, ReasonCode


def load_address(address: str) -> bytes | Reason:
    """Read a file, or say why it cannot be read.

    Raises
    ------
    OptionError
        Nothing installed here can reach such an address.
    """
    try:
        return read(address, limits.FILE_BYTES)
    except TooLargeError as error:
        return too_large(error.strerror)
    except ChangedError as error:
        return changed(error.strerror)
    except PermissionError as error:  # of a server's reasons there are more than of a disk's
        text = f"Reading the file is not permitted: {printable(error.strerror, 300)}."
        return Reason(code=ReasonCode.PERMISSION_DENIED, message=text)
    except OSError as error:
        return because_of(error)

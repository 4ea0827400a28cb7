"""Whatever answers at the address of an authority: the call ends, and says what it was."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from support import PATIENCE
from tsa import serving

from napari_seal._format import limits
from napari_seal._trust.authority import authority_at
from napari_seal.errors import OptionError, TimestampError


def test_a_query_and_its_reply():
    """The bytes of the query arrive, and those of the reply come back."""
    with serving(lambda query: query[::-1]) as url:
        assert authority_at(url)(b"query") == b"yreuq"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, b""), "it answered 500"),
        ((404, b"\x1b[2J"), "it answered 404"),
        ((302, b"file:///etc/passwd"), "it answered 302 Found; it refers to file:///etc/passwd"),
        ((302, b"http://127.0.0.1:9/"), "it refers to http://127.0.0.1:9/"),
        (bytes(limits.TIMESTAMP_BYTES + 1), "far too long"),
    ],
)
def test_what_is_no_reply(answer, problem):
    """Errors, redirections and floods are told, and not followed."""
    with serving(lambda _: answer) as url, pytest.raises(TimestampError) as caught:
        authority_at(url)(b"query")
    assert problem in str(caught.value)
    assert url in str(caught.value)


def test_one_that_does_not_answer():
    """It is given up after the time that was given."""
    over = threading.Event()
    with serving(lambda _: b"late" if over.wait(PATIENCE) else b"in vain") as url:
        with pytest.raises(TimestampError, match=r"did not answer within 0\.5 seconds"):
            authority_at(url, timeout=0.5)(b"query")
        over.set()


def test_one_that_drips():
    """A byte now and then does not keep the call from ending."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X" * 2000:
                if over.wait(0.1):
                    return
                try:
                    connection.send(bytes([byte]))
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        begun = time.monotonic()
        with pytest.raises(TimestampError, match="did not answer within 1 seconds"):
            authority_at(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=1)(b"query")
        assert time.monotonic() - begun < PATIENCE
    finally:
        over.set()
        thread.join()
        listener.close()


def test_nobody_there():
    """A refused connection says so, with the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TimestampError, match=f"127.0.0.1:{port}/tsa: .*refused"):
        authority_at(f"http://127.0.0.1:{port}/tsa")(b"query")


@pytest.mark.parametrize(
    "url",
    ["", "tsa", "file:///etc/passwd", "ftp://host/", "http://", "http://[", "data:,x",
     "https://name:secret@host/"],
)  # fmt: skip
def test_what_is_no_address(url):
    """Other schemes are refused, and so are passwords, which would end up in logs."""
    with pytest.raises(OptionError, match="begins with http") as caught:
        authority_at(url)
    assert "secret" not in str(caught.value)

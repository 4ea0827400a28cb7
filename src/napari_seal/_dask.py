"""A function over many items on a Dask cluster: in order, and in bounded memory.

The counterpart of `_parallel` for more than one machine.  Scheduling, and doing again what a worker
did not finish, are Dask's; here is only how much is handed to it at once, and what becomes of an
item that kills every worker it meets.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from napari_seal._text import printable
from napari_seal._version import __version__
from napari_seal.errors import OptionError, SealError

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Batches under way for each thread of a worker: one that is done and one that waits.
_AHEAD: Final = 3

#: How often it is looked whether there still are workers, in seconds, and how long it is waited
#: for one; a batch system may start them later.
_LOOK: Final = 5.0
_PATIENCE: Final = 60.0

#: How long a scheduler may take to answer.
_CONNECT: Final = 10.0

_VERSION: Final = "napari_seal._version:__version__"


@contextmanager
def connect(address: str) -> Iterator[Client]:
    """Connect to the scheduler of an existing cluster, such as ``tcp://host:8786``.

    Raises
    ------
    OptionError
        Dask distributed is not installed, or there is no scheduler at the address.
    """
    try:
        from distributed import Client
        from distributed.comm import resolve_address
    except ImportError as error:
        raise OptionError(
            "a cluster needs Dask distributed: pip install 'napari-seal[dask]'"
        ) from error
    try:
        resolve_address(address)  # a client tells of a wrong one only as it is taken down
        client = Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:  # TimeoutError is one
        raise OptionError(
            f"there is no Dask scheduler at {printable(address)}: {printable(error, 300)}"
        ) from error
    with client:
        yield client


def map_on_cluster(
    work: Callable[[list[Item]], list[Result]],
    items: Iterable[Item],
    *,
    client: Client,
    batch: int,
    died: Callable[[Item], Result],
) -> Iterator[Result]:
    """Yield the results of ``work`` in the order of the items.

    Parameters
    ----------
    work : callable
        From a list of items to as many results; importable by name, for the workers.
    items : iterable
        Taken as needed: so many batches are under way as keep the workers busy, and no more.
    client : distributed.Client
        Connected to the cluster.
    batch : int
        Items a task.
    died : callable
        The result for an item with which worker after worker died.

    Raises
    ------
    OptionError
        No worker comes, or one has another version of napari-seal or none.
    SealError
        The cluster was lost.
    """
    _check_workers(client)
    source = iter(items)
    under_way: deque[tuple[Future, list[Item]]] = deque()
    room, looked = _room(client), time.monotonic()
    try:
        while True:
            if time.monotonic() - looked > _LOOK:  # workers come and go
                room, looked = _room(client), time.monotonic()
            while len(under_way) < room:
                taken = list(itertools.islice(source, batch))
                if not taken:
                    break
                under_way.append((_submit(client, work, taken), taken))
            if not under_way:
                return
            results = _result(client, under_way[0][0])
            _, taken = under_way.popleft()
            yield from _one_by_one(client, work, taken, died) if results is None else results
    finally:
        with contextlib.suppress(Exception):  # the cluster may be gone
            client.cancel([future for future, _ in under_way])


def _one_by_one(
    client: Client,
    work: Callable[[list[Item]], list[Result]],
    items: list[Item],
    died: Callable[[Item], Result],
) -> Iterator[Result]:
    """Find out with which item of a batch the workers die."""
    for item in items:
        results = _result(client, _submit(client, work, [item]))
        yield from [died(item)] if results is None else results


def _submit(client: Client, work: Callable[..., Any], items: list[Item]) -> Future:
    # Not pure: the same file may have another content the next time.
    return client.submit(_on_worker, __version__, work, items, pure=False)


def _on_worker(version: str, work: Callable[..., Any], items: list[Any]) -> Any:
    """Do a task, unless this worker joined with another version after the others were asked."""
    if version != __version__:
        raise OptionError(_mismatch({"a worker": __version__}, version))
    return work(items)


def _result(client: Client, future: Future) -> list[Any] | None:
    """Wait for a task; None where worker after worker died with it."""
    from distributed import CancelledError, KilledWorker

    alone_since: float | None = None
    while True:
        try:
            return list(future.result(timeout=_LOOK))
        except KilledWorker:
            return None
        except CancelledError as error:
            raise SealError(f"the Dask cluster was lost: {printable(error, 300)}") from error
        except TimeoutError:
            if future.done():  # the task itself raised it
                raise
        if client.status != "running":
            raise SealError("the Dask cluster was lost: its scheduler does not answer")
        now = time.monotonic()
        alone_since = None if client.nthreads() else alone_since or now
        if alone_since is not None and now - alone_since > _PATIENCE:
            raise SealError("the Dask cluster was lost: it has no workers any more")


def _room(client: Client) -> int:
    return _AHEAD * max(1, sum(int(n) for n in client.nthreads().values()))


def _check_workers(client: Client) -> None:
    """Refuse to begin with workers that would judge by other rules."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        raise OptionError("the Dask cluster has no workers; start some") from error
    from pkgutil import resolve_name

    # A function of Python's own: workers without napari-seal could not even receive one of ours.
    found = client.run(resolve_name, _VERSION, on_error="return")
    others = {name: version for name, version in found.items() if version != __version__}
    if others:
        raise OptionError(_mismatch(others, __version__))


def _mismatch(found: dict[str, Any], here: str) -> str:
    worker, version = next(iter(found.items()))
    has = "has none" if isinstance(version, Exception) else f"has {version}"
    more = f" ({len(found) - 1:,} more workers differ)" if len(found) > 1 else ""
    return (
        f"all workers need napari-seal {here}, as it is here; {printable(worker)} {has}{more}: "
        "install the same version everywhere"
    )

"""How fast archives are checked, beside other software on the same files in the same run.

``python benchmarks/verify_speed.py`` prints Markdown: times as ratios to openssl, memory, how both
grow with the number of files, and the start-up.  ``--scale 0.05`` makes archives of a twentieth.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile

from archives import ARCHIVES, Archive, link, make
from measure import Command, Times, in_turn, peak_memory
from peers import Peer, peers

#: What we aim at, as ratios to openssl's time, by algorithm and archive, for two processes.
AIMS = {"sha256": {"small": 1.05, "mid": 1.10, "big": 1.10}}
OPENSSL = "openssl dgst -sha256, xargs -P2"


def verify(folder: str, *options: str) -> Command:
    """``napari-seal verify`` of a folder."""
    return Command([sys.executable, "-m", "napari_seal", "verify", folder, *options], folder)


def our_commands(folders: dict[str, str]) -> dict[str, Command]:
    """Our commands by name, on the archives sealed with each algorithm."""
    return {
        f"**napari-seal, {algorithm}, {jobs} process{'es' * (jobs > 1)}**": verify(
            folder, "--jobs", str(jobs)
        )
        for algorithm, folder in folders.items()
        for jobs in (2, 1)
    }


def compare(archive: Archive, root: str, files: int, rounds: int) -> None:
    """Print the table of one archive."""
    algorithms = ["sha256"]
    if importlib.util.find_spec("blake3") is not None:
        algorithms.append("blake3")
    folders = {}
    for algorithm in algorithms:
        folders[algorithm] = os.path.join(root, algorithm)
        make(archive, folders[algorithm], files, algorithm)
    folder, scratch = folders["sha256"], os.path.join(root, "scratch")
    os.mkdir(scratch)
    size = sum(entry.stat().st_size for entry in os.scandir(folder)) / files
    measured, missing = peers(folder, archive.name, scratch)
    if OPENSSL not in measured:
        raise SystemExit("openssl is not installed, and it is what all others are compared with")
    measured |= {name: Peer(command) for name, command in our_commands(folders).items()}
    medians = whole(measured, files, rounds)
    print(f"\n### {archive.name}: {files:,} files of {size / 1e3:,.0f} KB\n")
    print("| | us a file | ratio to openssl | ratio of processor time | peak memory, MB |")
    print("|---|---|---|---|---|")
    for name, peer in measured.items():
        clock, processor = medians[name]
        ratios = (
            f"{clock / medians[OPENSSL].clock:.2f} | {processor / medians[OPENSSL].processor:.2f}"
        )
        memory = f"{peak_memory(peer.command):.0f}" if sys.platform == "linux" else ""
        print(f"| {name} | {1e6 * clock / files:,.0f} | {ratios} | {memory} |")
    for name, why in missing.items():
        print(f"| {name} | | {why} | | |")
    if "blake3" not in algorithms:
        print("| napari-seal, blake3 | | the package blake3 is not installed | | |")
    print("\nThe times of all commands include their start.", end="")
    if any(peer.files for peer in measured.values()):
        print(" Those that were measured on fewer files were measured on one as well:")
        print("what the others took was scaled to the archive, and the start was not.", end="")
    for algorithm, aims in AIMS.items():
        ours = medians[f"**napari-seal, {algorithm}, 2 processes**"].clock
        best = ours / medians[OPENSSL].clock
        print(f"\nAim for {algorithm}, 2 processes: {aims[archive.name]:.2f}; reached: {best:.2f}.")


def whole(measured: dict[str, Peer], files: int, rounds: int) -> dict[str, Times]:
    """Median times for the whole archive; from a sample and one file, where that was measured."""
    commands = {}
    for name, peer in measured.items():
        commands[name] = peer.command
        if peer.on_one is not None:
            commands[f"{name}, on one file"] = peer.on_one
    medians = in_turn(commands, rounds)
    times = {name: medians[name] for name in measured}
    for name, peer in measured.items():
        if peer.on_one is not None and peer.files is not None:
            one = medians[f"{name}, on one file"]
            scale = (files - 1) / max(1, peer.files - 1)
            pairs = zip(one, medians[name], strict=True)
            times[name] = Times(*(first + (both - first) * scale for first, both in pairs))
    return times


def growth(root: str, numbers: list[int], rounds: int) -> list[tuple[int, float, float]]:
    """Print how time and memory grow with the number of files: number, seconds, MB."""
    rows = []
    source = os.path.join(root, "source")
    make(ARCHIVES[0], source, 32, "sha256")
    print("\n### Growth: files of 30 KB, 2 processes\n")
    print("| files | seconds | us a file | peak memory, MB |")
    print("|---|---|---|---|")
    for number in numbers:
        folder = os.path.join(root, str(number))
        link(source, folder, number)
        command = verify(folder, "--jobs", "2")
        seconds = in_turn({"ours": command}, rounds if number <= 100_000 else 1)["ours"].clock
        memory = peak_memory(command) if sys.platform == "linux" else float("nan")
        print(f"| {number:,} | {seconds:.2f} | {1e6 * seconds / number:.0f} | {memory:.0f} |")
        rows.append((number, seconds, memory))
        shutil.rmtree(folder)
    print("\nAims: at 100,000 files at most 1.15 x the time a file at 1,000; at most 150 MB.")
    return rows


def plot(rows: list[tuple[int, float, float]], path: str) -> None:
    """Draw the table of `growth`."""
    from matplotlib.figure import Figure

    numbers, seconds, memory = zip(*rows, strict=True)
    figure = Figure(figsize=(8, 3), layout="constrained")
    time, space = figure.subplots(1, 2)
    time.loglog(numbers, seconds, "o-", color="#005a9c")
    time.loglog(numbers, [seconds[-1] * n / numbers[-1] for n in numbers], ":", color="gray")
    time.set(title="time; dotted: proportional", xlabel="files", ylabel="seconds")
    space.semilogx(numbers, memory, "o-", color="#a83c00")
    space.axhline(150, linestyle=":", color="gray")
    space.set(title="memory of all processes; dotted: aim", xlabel="files", ylabel="MB")
    space.set_ylim(0, 160)
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)


def start_up(root: str, rounds: int) -> None:
    """Print how long one intact file takes, from the shell and back."""
    folder = os.path.join(root, "one")
    make(ARCHIVES[0], folder, 1, "sha256")
    commands = {
        "python -c pass": Command([sys.executable, "-c", "pass"], folder),
        "python -c 'import click'": Command([sys.executable, "-c", "import click"], folder),
        "python -c 'import numpy'": Command([sys.executable, "-c", "import numpy"], folder),
    }
    arguments = [sys.executable, "-m", "napari_seal", "verify", "000000.jpg"]
    commands["**napari-seal verify FILE**"] = Command(arguments, folder)
    medians = in_turn(commands, rounds)
    bare = medians["python -c pass"].clock
    print("\n### Start-up\n\n| | ms | ratio to bare Python |\n|---|---|---|")
    for name, (seconds, _) in medians.items():
        print(f"| {name} | {1e3 * seconds:.0f} | {seconds / bare:.1f} |")
    print("\nAim: 100 ms where bare Python takes 19, a ratio of 5.3.")


def main() -> None:
    """Make the archives in a temporary folder, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the files")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--million", action="store_true", help="growth up to 1,000,000 files")
    parser.add_argument("--plot", metavar="FILE", help="also draw the growth; needs matplotlib")
    options = parser.parse_args()
    print("Verifying, warm page cache, medians of alternating rounds.")
    for archive in ARCHIVES:
        with tempfile.TemporaryDirectory() as root:
            files = max(8, round(archive.files * options.scale))
            compare(archive, root, files, options.rounds)
    numbers = [1_000, 10_000, 100_000] + [1_000_000] * options.million
    with tempfile.TemporaryDirectory() as root:
        largest = 100_000 * max(options.scale, 0.01)
        rows = growth(root, [n for n in numbers if n <= largest or options.million], 3)
    if options.plot:
        plot(rows, options.plot)
    with tempfile.TemporaryDirectory() as root:
        start_up(root, 4 * options.rounds)


if __name__ == "__main__":
    main()

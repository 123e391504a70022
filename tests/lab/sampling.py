"""Make samples/: scenarios recorded by badhop, stripped of the machine that recorded them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from captures import files, session
from captures.recorders.pcapng import Packet, PcapngWriter
from tests.lab.bench import bench, start_background
from tests.lab.expectation import Expected, Words
from tests.lab.model import Scenario

#: Samples are cloned by everybody.
MAX_BYTES = 200_000


class TooLarge(Exception):
    """The recording is larger than a sample may be."""


def make_sample(scenario: Scenario, seed: int, samples: Path) -> Path:
    """Record one scenario into its directory below `samples`; return that directory.

    Raises TooLarge, and leaves nothing, when the capture is larger than a sample may be.
    """
    directory = samples / name_of(scenario)
    with bench(scenario, seed) as stand:
        recorded = stand.run.directory / "sample"
        start_background(stand)
        badhop = str(Path(sys.executable).with_name("badhop"))
        options = ("capture", "--no-diagnose", "-o", str(recorded), "--", *stand.command)
        stand.execute(badhop, *options)
        packets = bare_capture(recorded / session.CAPTURE_NAME)
        if len(packets) > MAX_BYTES:
            raise TooLarge(f"{scenario.name}: {len(packets)} bytes")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / session.CAPTURE_NAME).write_bytes(packets)
        if scenario.needs_session:
            _save_session(recorded, directory)
    expected = scenario.expect if scenario.needs_session else scenario.without_session()
    (directory / "expected.json").write_text(json.dumps(truth(scenario, expected), indent=2) + "\n")
    return directory


def name_of(scenario: Scenario) -> str:
    """Cause and variant: what of the scenario's name its cause does not say already."""
    cause = _first(scenario.expect.cause) or "healthy"
    said = set(cause.replace(".", "_").split("_"))
    variant = "-".join(word for word in scenario.name.split("-") if word not in said)
    return f"{cause}-{variant or 'basic'}"


def _first(words: Words) -> str:
    return words if isinstance(words, str) else words[0]


def bare_capture(path: Path) -> bytes:
    """The packets in a file that names no machine: dumpcap writes processor and kernel into its."""
    rewritten = path.with_name(f"bare-{path.stem}.pcapng")
    with files.open(path) as capture, rewritten.open("wb") as target:
        writer = PcapngWriter(target, "badhop lab")
        for interface in capture.interfaces:
            writer.interface(interface.name, interface.link_type, interface.snaplen)
        table = capture.table
        for row in range(len(table)):
            writer.packet(
                Packet(
                    int(table.time_ns[row]),
                    int(table.interface[row]),
                    int(table.frame_length[row]),
                    capture.frame_bytes(row),
                )
            )
    return rewritten.read_bytes()


def _save_session(recorded: Path, directory: Path) -> None:
    """The session without what only names this machine: paths, its own go environment."""
    whole = session.load(recorded)
    bare = replace(
        whole,
        command=("go", *whole.command[1:]),
        roots=replace(whole.roots, source=("roots.pem",) if whole.roots.source else ()),
        system_proxy=None,
        routes=None,
    )
    session.save(bare, directory / session.SESSION_NAME)


def truth(scenario: Scenario, expected: Expected) -> dict[str, object]:
    return {
        "outcome": expected.outcome,
        "cause": expected.cause or None,
        "role": expected.role,
        "distance": expected.distance,
        "vague": expected.vague,
        "description": scenario.breaks,
    }

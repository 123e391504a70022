"""An input that breaks something in, a smaller one that breaks the same out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.fuzz import files, pipeline
from tests.fuzz.make import Made
from tests.fuzz.seeds import Packet, packets_of

#: A little is enough: it is read by somebody who has the traceback beside it.
_LIMIT_S = 10.0


def minimise(made: Made, signature: str, directory: Path) -> Made:
    """Leave out the session, packets, then bytes from the end, while the failure stays."""
    end = time.monotonic() + _LIMIT_S

    def fails(smaller: Made) -> bool:
        failure = pipeline.run(smaller, directory)
        return failure is not None and failure.signature == signature

    if made.session is not None and fails(replace(made, session=None)):
        made = replace(made, session=None)
    pipeline.place(made, directory)
    packets = list(packets_of(directory / "capture.pcapng"))
    # Random(1) writes pcapng in little endian with times in nanoseconds.
    whole = replace(made, capture=files.write(packets, Random(1)))
    if fails(whole):
        kept = _fewer(
            packets, lambda some: fails(replace(made, capture=files.write(some, Random(1)))), end
        )
        return replace(made, capture=files.write(kept, Random(1)))
    return _shorter(made, fails, end)


def _fewer(items: list[Packet], fails: Callable[[list[Packet]], bool], end: float) -> list[Packet]:
    """Take away runs of items, long ones first."""
    size = max(1, len(items) // 2)
    while time.monotonic() < end:
        at = 0
        while at < len(items) and time.monotonic() < end:
            rest = items[:at] + items[at + size :]
            if fails(rest):
                items = rest
            else:
                at += size
        if size == 1:
            break
        size //= 2
    return items


def _shorter(made: Made, fails: Callable[[Made], bool], end: float) -> Made:
    size = len(made.capture) // 2
    while size and time.monotonic() < end:
        cut = replace(made, capture=made.capture[:-size])
        if fails(cut):
            made = cut
        else:
            size //= 2
    return made

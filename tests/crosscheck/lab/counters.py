"""Watch a namespace's TCP counters and write down each change: why its kernel sent again.

`python -m tests.crosscheck.lab.counters FILE` runs inside the namespace until it is ended. Each
line holds two moments (seconds since the epoch) and how far the counters moved between them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

#: What each counter counts; `tcp_retransmit_timer`, `tcp_send_loss_probe` and
#: `tcp_xmit_retransmit_queue` in net/ipv4 move them.
CAUSES = {
    "TCPTimeouts": "timeout",
    "TCPSlowStartRetrans": "timeout",
    "TCPLossProbes": "tail_probe",
    "TCPFastRetrans": "fast",
}
_PAUSE_S = 0.001


def _read(descriptor: int, places: list[int]) -> list[int]:
    values = os.pread(descriptor, 1 << 16, 0).split(b"\n", 2)[1].split()
    return [int(values[place]) for place in places]


def main(file: Path) -> None:
    """Poll until a signal ends it."""
    descriptor = os.open("/proc/self/net/netstat", os.O_RDONLY)
    names = os.pread(descriptor, 1 << 16, 0).split(b"\n", 1)[0].decode().split()
    places = [names.index(name) for name in CAUSES]
    with file.open("w", buffering=1 << 16) as log:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        since, last = time.time(), _read(descriptor, places)
        print("ready", flush=True)
        while True:
            time.sleep(_PAUSE_S)
            before, now = time.time(), _read(descriptor, places)
            if now != last:
                moved = [new - old for new, old in zip(now, last, strict=True)]
                steps = {name: step for name, step in zip(CAUSES, moved, strict=True) if step}
                log.write(json.dumps({"since": since, "until": time.time()} | steps) + "\n")
            since, last = before, now


if __name__ == "__main__":
    main(Path(sys.argv[1]))

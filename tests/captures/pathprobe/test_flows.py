"""What a ClientHello met, from the packets that came back."""

from __future__ import annotations

import pytest

from captures.pathprobe.flows import End, _Watch
from captures.pathprobe.packets import ACK, FIN, RST, SYN, TCP
from captures.pathprobe.seen import Seen

CLIENT, SERVER = "192.0.2.10", "203.0.113.5"


def back(flags: int, payload: int = 0, acknowledged: int = 1001) -> Seen:
    return Seen(SERVER, CLIENT, TCP, (443, 40000), 1, acknowledged, flags, payload)


def report(number: int = 1001) -> Seen:
    about = Seen(CLIENT, SERVER, TCP, (40000, 443), number)
    return Seen("198.51.100.1", CLIENT, 1, error="expired", about=about)


@pytest.mark.parametrize(
    ("seen", "end"),
    [
        ([], End.SILENCE),
        ([back(ACK)], End.SILENCE),
        ([report()], End.EXPIRED),
        ([report(1001 + 1448)], End.SILENCE),
        ([back(ACK, acknowledged=1300)], End.TAKEN),
        ([back(ACK, 500)], End.ANSWERED),
        ([report(), back(RST)], End.RESET),
        ([back(RST), back(ACK, 500)], End.RESET),
        ([back(ACK, 500), back(RST)], End.RESET),
        ([back(FIN | ACK), back(ACK, 500)], End.CLOSED),
    ],
    ids=lambda value: value if isinstance(value, End) else "",
)
def test_end(seen: list[Seen], end: End) -> None:
    watch = _Watch()
    watch.see(back(SYN | ACK))
    assert watch.syn_ack
    watch.armed = True
    for packet in seen:
        watch.see(packet)
    assert watch.end() is end


def test_what_comes_before_the_hello_is_not_about_it() -> None:
    watch = _Watch()
    watch.see(back(SYN | ACK))
    watch.see(back(RST))
    assert watch.end() is End.SILENCE

"""The wire's decisions: what is lost, late, held back or cut, by seed alone."""

from __future__ import annotations

import struct

from tests.lab.frames import parse
from tests.lab.impairment import Impairment
from tests.lab.model import Impair
from tests.lab.nodes.forgery import dns_answer, packet, reset
from tests.lab.wire import identity

_CLIENT, _SERVER = bytes((10, 0, 0, 2)), bytes((198, 18, 0, 9))
_ETHERNET = bytes(12) + b"\x08\x00"


def _frame(payload: bytes, port: int = 443) -> bytes:
    return _ETHERNET + packet("udp", (_CLIENT, 40000, _SERVER, port), payload, 64)


def _fates(impair: Impair, frames: int, size: int = 1000, gap_s: float = 0.001) -> list[str]:
    impairment = Impairment(impair, "seed")
    return [impairment.judge(_frame(bytes(size)), n * gap_s)[0] for n in range(frames)]


def test_loss_has_the_rate_that_was_asked_for() -> None:
    lost = _fates(Impair(loss=0.05), 20_000).count("dropped:loss")
    assert 900 < lost < 1100


def test_the_seed_decides_which_frames_are_lost() -> None:
    assert _fates(Impair(loss=0.2), 200) == _fates(Impair(loss=0.2), 200)


def test_only_frames_above_the_mtu_vanish() -> None:
    impairment = Impairment(Impair(mtu=1400), "seed")
    assert impairment.judge(_frame(bytes(1373)), 0.0) == ("dropped:mtu", ())
    assert impairment.judge(_frame(bytes(1372)), 0.0) == ("sent", (0.0,))


def test_delay_is_constant_and_jitter_keeps_order() -> None:
    impairment = Impairment(Impair(delay_ms=10, jitter_ms=50), "seed")
    moments = [impairment.judge(_frame(b"x"), n * 0.005)[1][0] for n in range(400)]
    assert moments == sorted(moments)
    waits = [moment - n * 0.005 for n, moment in enumerate(moments)]
    assert min(waits) >= 0.0099
    assert max(waits) < 0.0601


def test_reordered_frames_are_overtaken() -> None:
    impairment = Impairment(Impair(reorder=0.1, reorder_ms=5), "seed")
    moments = [impairment.judge(_frame(b"x"), n * 0.001)[1][0] for n in range(500)]
    assert moments != sorted(moments)


def test_a_link_serialises_and_its_queue_overflows() -> None:
    impairment = Impairment(Impair(rate_mbit=8, queue_kb=10.5), "seed")
    verdicts = [impairment.judge(_frame(bytes(958)), 0.0) for _ in range(20)]
    sent = [moments[0] for fate, moments in verdicts if fate == "sent"]
    assert [round(moment, 6) for moment in sent] == [n / 1000 for n in range(1, 11)]
    assert verdicts[-1][0] == "dropped:queue"


def test_a_policer_passes_its_rate() -> None:
    fates = _fates(Impair(police_mbit=4, burst_kb=10), 4000, size=958)
    passed = fates.count("sent")
    # 4 Mbit/s are 500 frames of 1000 bytes in each of 4 seconds, and the burst before.
    assert 1990 <= passed <= 2020


def test_impairments_spare_other_ports() -> None:
    impairment = Impairment(Impair(loss=1.0, only="udp/53"), "seed")
    assert impairment.judge(_frame(b"x", 53), 0.0)[0] == "dropped:loss"
    assert impairment.judge(_frame(b"x", 54), 0.0)[0] == "sent"


def test_a_name_condemns_the_rest_of_its_flow() -> None:
    impairment = Impairment(Impair(block_sni="mod.example"), "seed")
    assert impairment.judge(_frame(b"hello"), 0.0)[0] == "sent"
    assert impairment.judge(_frame(b"..mod.example.."), 0.0)[0] == "dropped:content"
    assert impairment.judge(_frame(b"more"), 0.0)[0] == "dropped:content"


def test_identity_survives_a_router() -> None:
    flow = (_CLIENT, 40000, _SERVER, 443)
    near, far = packet("udp", flow, b"x", 64), bytearray(packet("udp", flow, b"x", 61))
    far[4:6] = near[4:6]  # each packet draws its own IP-ID
    far[10:12] = b"\xab\xcd"
    assert identity(_ETHERNET + near) == identity(_ETHERNET + bytes(far))


def test_a_forged_reset_reads_back() -> None:
    segment = parse(_ETHERNET + reset((_SERVER, 443, _CLIENT, 40000), 1000, 2000, 61))
    assert segment is not None
    assert (segment.sequence, segment.acknowledged, segment.ttl) == (1000, 2000, 61)
    assert segment.flags == 0x14


def test_a_forged_answer_belongs_to_the_question() -> None:
    question = struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + b"\x01a\0" + b"\0\1\0\1"
    answer = dns_answer(question, "192.0.2.7")
    assert answer[:2] == b"\x12\x34"
    assert answer.endswith(bytes((192, 0, 2, 7)))

"""Losses that cost a download time, and those that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import (
    Connection,
    Facts,
    Hop,
    LossSide,
    Retransmission,
    RetransmissionKind,
    Side,
    TlsHandshake,
)
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    CLIENT,
    SERVER,
    asked_again,
    closed,
    facts,
    fetched,
    frame_at,
    resolved,
    sent,
    unconnected,
)
from tests.factories.courses import again, every, paced, samples, silence

CODE = "path.loss"
RATES = [3.0, 1.5, 2.2, 1.1, 2.8, 1.9] * 10
"""2 Mbit/s for 6 s, unsteadily: what 4 % of loss leaves at 20 ms."""


def lossy(*lost: Retransmission, **changes: Any) -> tuple[Connection, TlsHandshake]:
    """A transfer of 6 s with these losses."""
    server = paced(0.2, RATES) | {"retransmissions": lost}
    return fetched(server=server, last_s=6.4, **changes)


SINGLE = tuple(again(t, sequence=int(t * 1e5)) for t in every(0.14, 0.3, 42))


def test_random_loss_explains_a_slow_transfer() -> None:
    capture = facts(resolved(SERVER), lossy(*SINGLE))
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert 2.0 < finding.impact_s < 6.0
    assert finding.summary.startswith("3.7 %")
    assert root_of(capture) == ("degraded", CODE)


def test_some_losses_in_a_fast_transfer_are_nothing() -> None:
    server = paced(0.2, [40.0] * 20) | {"retransmissions": SINGLE[:6]}
    capture = facts(resolved(SERVER), fetched(server=server, last_s=2.4))
    assert not found(CODE, capture)
    healthy(capture)


def test_losses_that_do_not_explain_the_pace() -> None:
    """Four single losses in 6 s allow far more than what came: the server was slow."""
    assert not found(CODE, facts(resolved(SERVER), lossy(*SINGLE[:40:10])))


def test_what_a_full_queue_drops_is_congestion() -> None:
    trips = samples((every(0.02, 0.3, 290), 0.12, 20_000), ([0.1, 0.15, 0.2], 0.02, 0))
    assert not found(CODE, facts(resolved(SERVER), lossy(*SINGLE, rtt=trips)))


def test_timers_cost_time_in_small_downloads() -> None:
    waits = ((0.3, 0.9), (1.2, 2.0), (2.3, 3.1), (3.5, 4.2))
    late = tuple(again(b, delay_s=b - a, kind=RetransmissionKind.TIMEOUT) for a, b in waits)
    server = sent(20_000, 0.2, 4.4) | {"retransmissions": late}
    stalls = tuple(silence(a, b, "loss") for a, b in waits)
    whole = fetched(client=sent(900, 0.13), server=server, silences=stalls, last_s=4.5)
    finding = only(CODE, facts(resolved(SERVER), whole))
    assert finding.impact_s == pytest.approx(2.9)


def test_one_outage_that_ended() -> None:
    late = [again(t, delay_s=t - 1.0, kind=RetransmissionKind.TIMEOUT) for t in (1.3, 2.1, 4.0)]
    server = sent(20_000, 0.2, 4.4) | {"retransmissions": tuple(late)}
    stall = silence(1.0, 4.0, "loss")
    whole = fetched(client=sent(900, 0.13), server=server, silences=(stall,), last_s=4.5)
    assert only(CODE, facts(resolved(SERVER), whole)).impact_s == pytest.approx(3.0)


def test_an_end_in_silence_is_no_outage() -> None:
    asked = asked_again((0.2, 0.22), (1.0, None), (1.3, None), (2.1, None), (4.0, None))
    whole = fetched(client=sent(1000, 0.13) | asked, silences=(silence(1.0, 4.0, "loss"),))
    assert not found(CODE, facts(resolved(SERVER), whole))


def test_probes_show_the_link_that_loses() -> None:
    clean = Hop(SERVER, 1, "10.1.0.1", 20, 20, (0.001,) * 20, (900,), False, "udp")
    shy = replace(clean, distance=2, address="10.9.0.1", answered=3, rtts_s=(0.002,) * 3)
    near = replace(clean, distance=3, address="10.9.0.2")
    far = replace(clean, distance=4, address="10.9.0.3", answered=17, rtts_s=(0.02,) * 17)
    end = replace(far, distance=5, address=SERVER, answered=16, reached=True, rtts_s=(0.02,) * 16)
    capture = facts(resolved(SERVER), lossy(*SINGLE), [clean, shy, near, far, end])
    assert place(only(CODE, capture)) == (Role.PATH, None, (3, 4))


def ended_stuck(lost: int) -> tuple[Connection, TlsHandshake]:
    """A small download with so many losses among 90 segments, then silence until go is stopped."""
    server = sent(130_000, 0.2, 4.0)
    server["retransmissions"] = tuple(again(t) for t in every(3.0 / lost, 0.3, lost))
    asked = asked_again((0.2, 0.22), (34.0, 34.02))
    last = silence(4.0, 34.0, "unknown")
    return fetched(
        client=sent(1000, 0.13) | closed(34.0) | asked,
        server=server,
        silences=(silence(1.0, 2.5, "loss"), last),
        last_s=34.02,
    )


def test_where_every_third_segment_is_lost_silence_is_loss() -> None:
    capture = facts(resolved(SERVER), ended_stuck(40))
    assert only(CODE, capture).fatal
    assert root_of(capture) == ("failed", CODE)


def test_where_few_are_lost_a_long_silence_is_the_servers() -> None:
    assert not any(f.fatal or 0 in f.streams for f in found(CODE, facts(ended_stuck(6))))


def test_what_a_spare_connection_waits_for_while_another_works_costs_nothing() -> None:
    late = tuple(again(t, delay_s=0.7, kind=RetransmissionKind.TIMEOUT) for t in every(0.8, 1.0, 4))
    stalls = tuple(silence(r.time_s - 0.7, r.time_s, "loss") for r in late)
    spare = fetched(
        1,
        client=sent(900, 0.13),
        server=sent(2000, 0.2, 3.5) | {"retransmissions": late},
        silences=stalls,
        last_s=3.6,
    )
    busy = fetched(0, client=sent(900, 0.13), server=sent(900_000, 0.2, 3.9), last_s=4.0)
    assert not found(CODE, facts(resolved(SERVER), busy, spare))


def test_syns_that_nothing_ever_answers_are_silence_not_loss() -> None:
    copies = tuple(
        again(t, delay_s=1.0, kind=RetransmissionKind.SYN, loss=LossSide.AFTER_CAPTURE)
        for t in (1.1, 2.1, 3.1, 4.1, 5.1)
    )
    silent = [
        replace(c, client=replace(c.client, retransmissions=copies))
        for c in (unconnected(0.1, 1.1, 2.1, 3.1, 4.1, 5.1, stream=n) for n in range(3))
    ]
    assert not found(CODE, facts(resolved(SERVER), silent, duration_s=30.0))


def lost_to_the_client() -> tuple[Connection, TlsHandshake]:
    """The capture saw each lost segment of the server twice, and the client is 20 ms away."""
    lost = tuple(replace(r, loss=LossSide.AFTER_CAPTURE) for r in SINGLE)
    return lossy(*lost, client_rtt=samples(([0.12, 0.2], 0.02, 0)))


def test_each_way_is_told_by_its_own_share() -> None:
    mine = tuple(replace(r, loss=LossSide.AFTER_CAPTURE) for r in SINGLE[:4])
    client = sent(60_000, 0.13, 6.3) | closed(6.35) | {"retransmissions": mine}
    finding = only(CODE, facts(resolved(SERVER), lossy(*SINGLE, client=client)))
    assert finding.summary.startswith("3.7 % of the segments from and ")
    assert " % of those to " in finding.summary


def test_losses_between_a_router_and_the_client() -> None:
    capture = facts(resolved(SERVER), lost_to_the_client(), distances={CLIENT: 2})
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 2))
    assert f"the client {CLIENT}" in finding.summary
    assert root_of(capture) == ("degraded", CODE)


def test_syn_acks_that_scanners_never_answer_are_silence_not_loss() -> None:
    copies = tuple(
        again(t, delay_s=1.0, kind=RetransmissionKind.SYN, loss=LossSide.AFTER_CAPTURE)
        for t in (1.1, 3.1, 7.1, 15.1, 31.1)
    )
    half_open = unconnected(0.1, stream=1, syn_ack_frame=105)
    scanner = replace(
        half_open,
        client=replace(half_open.client, address="203.0.113.66"),
        server=replace(half_open.server, packets=6, retransmissions=copies),
    )
    capture = facts(resolved(SERVER), fetched(), scanner, duration_s=40.0, distances={CLIENT: 2})
    assert not found(CODE, capture)


def test_behind_a_capture_of_the_client_itself_there_is_no_way() -> None:
    assert not found(CODE, facts(resolved(SERVER), lost_to_the_client()))


def test_some_acks_that_the_client_held_back_are_no_full_queue() -> None:
    whole, shaken = lost_to_the_client()
    at = [r.time_s for r in SINGLE]
    prompt = [t + after for t in at for after in (0.001, 0.002)]
    held = samples((prompt, 0.004, 20_000), ([t + 0.003 for t in at], 0.04, 20_000))
    far = replace(whole, client_rtt=held)
    assert only(CODE, facts(resolved(SERVER), (far, shaken), distances={CLIENT: 2}))


def test_a_queue_that_fills_while_the_round_trip_lasts() -> None:
    """What is lost behind the capture was sent with what comes back late, and later."""
    whole, shaken = lost_to_the_client()
    sent_s = [r.time_s - (r.delay_s or 0.0) for r in SINGLE]
    before = ([t - 0.01 for t in sent_s], 0.02, 20_000)
    after = ([t + wait for t in sent_s for wait in (0.03, 0.05)], 0.12, 20_000)
    full = replace(whole, client_rtt=samples(before, after))
    assert not found(CODE, facts(resolved(SERVER), (full, shaken), distances={CLIENT: 2}))


def test_what_a_full_queue_before_the_client_drops_is_congestion() -> None:
    whole, shaken = lost_to_the_client()
    trips = samples((every(0.02, 0.3, 290), 0.12, 20_000), ([0.1, 0.15, 0.2], 0.02, 0))
    full = replace(whole, client_rtt=trips)
    assert not found(CODE, facts(resolved(SERVER), (full, shaken), distances={CLIENT: 2}))


def outage(length_s: float, lost_packets: int | None, slowly: bool = True) -> Facts:
    """Everything in flight is lost, and nothing later shows a hole; then it goes on."""
    stall = silence(1.0, 1.0 + length_s, "loss", before=Side.SERVER)
    stall = replace(stall, lost_packets=lost_packets, starts_slowly=slowly)
    end_s = 1.4 + length_s
    server = sent(20_000, 0.2, end_s)
    return facts(
        resolved(SERVER),
        fetched(
            client=sent(900, 0.13) | closed(end_s),
            server=server,
            silences=(stall,),
            last_s=end_s,
        ),
    )


@pytest.mark.parametrize("lost_packets", [40, None])
def test_an_outage_that_left_no_hole(lost_packets: int | None) -> None:
    finding = only(CODE, outage(3.0, lost_packets))
    assert finding.impact_s == pytest.approx(3.0)
    assert {frame_at(1.0), frame_at(4.0)} <= frames(finding)
    assert root_of(outage(3.0, lost_packets)) == ("degraded", CODE)


def test_a_short_one_is_not_worth_a_word() -> None:
    assert not found(CODE, outage(1.2, 40))


def test_one_packet_is_no_outage() -> None:
    assert not found(CODE, outage(3.0, 1))


def test_a_full_queue_does_not_silence_everything_for_seconds() -> None:
    """Round trips were long when the outage began, for the transfer had filled a queue."""
    stall = replace(silence(1.0, 4.0, "loss", before=Side.SERVER), lost_packets=40)
    late = [again(t, delay_s=t - 0.9) for t in (4.1, 4.11, 4.12)]
    trips = samples((every(0.02, 0.3, 40), 0.12, 20_000), ([0.1, 0.15, 0.2], 0.02, 0))
    server = sent(20_000, 0.2, 4.4) | {"retransmissions": tuple(late)}
    client = sent(900, 0.13) | closed(4.4)
    parts: dict[str, Any] = {"client": client, "server": server, "last_s": 4.5, "rtt": trips}
    assert found(CODE, facts(resolved(SERVER), fetched(silences=(stall,), **parts)))


def connected_late(rtt_s: float) -> Facts:
    """Two SYNs were repeated, and answered by one SYN-ACK that echoes the first."""
    kind, kept = RetransmissionKind.SYN, LossSide.NOT_LOST
    copies = tuple(again(t, delay_s=t, kind=kind, loss=kept, length=0) for t in (1.1, 2.1, 3.1))
    client = sent(900, 3.2) | closed(4.0) | {"retransmissions": copies}
    wait = silence(0.1, 3.14, "loss", Side.CLIENT, Side.SERVER)
    server = sent(20_000, 3.3, 3.9)
    whole = fetched(client=client, server=server, silences=(wait,), rtt_s=rtt_s, last_s=4.0)
    return facts(resolved(SERVER), whole)


def test_answers_to_repeated_syns_that_never_came() -> None:
    finding = only(CODE, connected_late(0.02))
    assert "SYN" in finding.evidence[0].text
    assert root_of(connected_late(0.02)) == ("degraded", CODE)


def test_round_trips_of_seconds_are_no_loss() -> None:
    assert not found(CODE, connected_late(1.5))

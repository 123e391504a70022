"""What two captures show together: hand-made conversations with one thing wrong between."""

from __future__ import annotations

import pytest

from analyzers.facts.vantage import Tie, Way
from tests.analyzers.vantage.twopoints import (
    BACK_S,
    OUT_S,
    Path,
    Talk,
    compared,
    download,
    files,
    merged,
    of,
)
from tests.packets import ACK, FIN, PSH, START_S, SYN, ip, pcap, udp
from tests.packets import tcp as segment


@pytest.mark.parametrize(
    "path",
    [
        Path(),
        Path(nat=True),
        Path(merge=True),
        Path(clock_s=7200.0),
        Path(clock_s=-86400.0 * 365),
        Path(nat=True, merge=True, clock_s=-3.5, strip_timestamps=True),
        Path(routers=0),
    ],
    ids=str,
)
def test_a_healthy_path_loses_adds_and_forges_nothing(path: Path) -> None:
    # Given the same download at two points, whatever routers, adapters and clocks do to it
    found = of(download(path)).comparison
    # Then every connection is found again, and nothing is wrong with it
    assert [p.tie for p in found.pairs] == [Tie.SAME]
    for way in (found.pairs[0].out, found.pairs[0].back):
        assert way is not None
        assert (way.lost_bytes, way.multiplied_bytes, way.unseen_bytes) == (0, 0, 0)
        assert way.sent_frames > 2
    assert found.forged == () and found.vanished == ()
    assert found.hops == path.routers
    assert not found.same_point


@pytest.mark.parametrize("clock_s", [0.0, 5.0, -4000.25])
def test_the_clocks_offset_is_right_within_its_error(clock_s: float) -> None:
    clock = of(download(Path(clock_s=clock_s))).comparison.clock
    assert clock is not None and clock.error_s is not None
    # Half the round trip between the points, however it is divided: here 10 and 14 ms.
    assert clock.error_s == pytest.approx((OUT_S + BACK_S) / 2, abs=1e-4)
    assert abs(clock.offset_s - clock_s) <= clock.error_s + 1e-6
    assert not clock.stepped


def test_a_clock_that_drifts_is_found_out() -> None:
    talk = Talk(Path(drift=80e-6, clock_s=10.0)).open()
    for _ in range(60):
        talk.now_s += 2.0
        talk.request(1000)
    found = of(talk).comparison
    assert found.clock is not None
    assert found.clock.drift == pytest.approx(80e-6, abs=2e-6)
    out = found.pairs[0].out
    assert out is not None
    # Drift is taken off the delays: they stay alike for minutes.
    assert out.delays_s.max() - out.delays_s.min() < 1e-4


def test_delay_between_the_points_shows_in_the_way_that_has_it() -> None:
    talk = download()
    talk.send(1, talk.fresh(500), slow_s=0.25)
    talk.send(0)
    talk.send(1, talk.fresh(500))
    found = of(talk).comparison.pairs[0]
    assert found.out is not None and found.back is not None
    assert found.back.delays_s.max() - found.back.delays_s.min() == pytest.approx(0.25, abs=1e-3)
    assert found.out.delays_s.max() - found.out.delays_s.min() < 1e-3


def test_the_order_of_the_files_does_not_matter() -> None:
    near, far = files([download(Path(nat=True, clock_s=99.0))])
    straight, turned = compared(near, far), compared(far, near)
    assert (straight.swapped, turned.swapped) == (False, True)
    assert straight.comparison.hops == turned.comparison.hops == 2
    assert straight.comparison.pairs[0].tie is turned.comparison.pairs[0].tie
    assert turned.comparison.clock is not None and straight.comparison.clock is not None
    assert turned.comparison.clock.offset_s == pytest.approx(straight.comparison.clock.offset_s)


def test_without_routers_between_times_tell_the_order() -> None:
    near, far = files([download(Path(routers=0, clock_s=-50.0))])
    assert compared(far, near).swapped
    assert not compared(near, far).swapped


def test_the_same_file_twice_is_the_same_point() -> None:
    near, _ = files([download()])
    found = compared(near, near).comparison
    assert found.same_point
    assert found.hops == 0
    assert found.forged == () and found.changes == ()


def test_files_of_different_downloads_have_nothing_in_common() -> None:
    near, _ = files([download(seed=1)])
    _, far = files([download(seed=2)])
    found = compared(near, far).comparison
    assert not found.in_common
    assert found.clock is None and found.pairs == ()


def test_empty_captures_have_nothing_in_common() -> None:
    near, _ = files([download()])
    assert not compared(near, pcap([])).comparison.in_common
    assert not compared(pcap([]), pcap([])).comparison.in_common


@pytest.mark.parametrize("merge", [False, True])
def test_a_segment_lost_between_is_counted_once_with_its_frame(merge: bool) -> None:
    talk = Talk(Path(merge=merge)).open()
    talk.send(0, talk.fresh(200))
    talk.send(1, talk.fresh(1000))
    lost = talk.fresh(1000)
    talk.send(1, lost, seen="far")
    frame = len(talk.far)
    talk.send(1, talk.fresh(1000))
    talk.send(0)
    talk.now_s += 0.2
    talk.send(1, lost, again=2000)
    talk.send(0)
    talk.close()
    back = of(talk).comparison.pairs[0].back
    assert back is not None
    assert back.lost_bytes == 1000
    if not merge:
        assert back.lost_frames == (frame,)
    assert back.multiplied_bytes == back.unseen_bytes == 0


def test_loss_outside_the_points_is_not_loss_between() -> None:
    talk = Talk().open()
    talk.send(0, talk.fresh(200))
    # The original is lost behind the near point, on the client's side: both points have it twice.
    data = talk.fresh(1000)
    talk.send(1, data)
    talk.now_s += 0.3
    talk.send(1, data, again=1000)
    talk.send(0)
    talk.close()
    pair = of(talk).comparison.pairs[0]
    assert pair.out is not None and pair.back is not None
    assert pair.back.lost_bytes == pair.out.lost_bytes == 0
    assert pair.back.sent_bytes >= 2000


def test_the_last_of_several_copies_is_the_one_that_came() -> None:
    talk = Talk().open()
    data = talk.fresh(700)
    talk.send(0, data, seen="near")
    first = len(talk.near)
    talk.now_s += 0.2
    talk.send(0, data, again=700, seen="near")
    second = len(talk.near)
    talk.now_s += 0.4
    talk.send(0, data, again=700)
    talk.send(1)
    talk.close()
    out = of(talk).comparison.pairs[0].out
    assert out is not None
    assert out.lost_frames == (first, second)


def test_what_the_far_capture_missed_itself_is_not_lost() -> None:
    talk = Talk().open()
    talk.send(0, talk.fresh(400), seen="near")
    # The server acknowledges it past the far point: it did go through.
    talk.send(1)
    talk.request()
    out = of(talk).comparison.pairs[0].out
    assert out is not None
    assert (out.lost_bytes, out.unseen_bytes) == (0, 400)


def test_what_falls_behind_the_end_of_the_other_capture_is_not_lost() -> None:
    talk = download()
    near, far = files([talk])
    talk.send(0, talk.fresh(100), seen="near")
    talk.send(0, talk.fresh(100), seen="near")
    later, _ = files([talk])
    assert len(later) > len(near)
    pair = compared(later, far).comparison.pairs[0]
    assert pair.out is not None and pair.out.lost_bytes == 0


def test_a_reset_that_only_the_near_point_has_is_forged() -> None:
    talk = Talk().open()
    talk.request()
    talk.reset(1, seen="near", ttl=63)
    talk.send(0, talk.fresh(10), seen="far")
    talk.send(1, talk.fresh(10), seen="far")
    forged = of(talk).comparison.forged
    assert [(f.kind, f.way, f.frame) for f in forged if f.kind == "reset"] == [
        ("reset", Way.BACK, len(talk.near))
    ]


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("path", [Path(), Path(nat=True), Path(renumber=(77, 99))], ids=str)
def test_a_reset_that_passes_both_points_is_not_forged(side: int, path: Path) -> None:
    talk = Talk(path).open()
    talk.request()
    talk.reset(side)
    assert of(talk).comparison.forged == ()


def test_a_forged_farewell_and_forged_data_are_told_from_the_servers() -> None:
    talk = Talk().open()
    talk.send(0, talk.fresh(100))
    talk.send(1, b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", seen="near", flags=ACK)
    talk.send(1, flags=FIN | ACK, seen="near")
    talk.now_s += 1.0
    # The server's own segments show that it has sent nothing yet.
    talk.send(1, again=48, seen="far")
    talk.send(0, flags=PSH)
    assert {f.kind for f in of(talk).comparison.forged} == {"data", "fin"}


def test_data_that_the_far_capture_missed_is_not_forged() -> None:
    talk = Talk().open()
    talk.request()
    talk.send(1, talk.fresh(700), seen="near")
    talk.send(1, talk.fresh(700))
    talk.reset(0)
    talk.send(1, talk.fresh(700), seen="far")
    assert of(talk).comparison.forged == ()


def test_a_farewell_is_forged_when_the_server_goes_on() -> None:
    talk = Talk().open()
    talk.send(0, talk.fresh(100))
    talk.send(1, flags=FIN | ACK, seen="near")
    # The client's ACK of it goes through, as if the far capture had missed the FIN.
    talk.send(0)
    talk.send(1, talk.fresh(500), again=1)
    talk.now_s += 1.0
    talk.send(0)
    assert {f.kind for f in of(talk).comparison.forged} == {"fin"}


def test_a_farewell_that_the_far_capture_missed_is_not_forged() -> None:
    talk = Talk().open()
    talk.request()
    talk.send(1, flags=FIN | ACK, seen="near")
    talk.send(0)
    talk.send(0, flags=FIN | ACK)
    talk.send(1)
    assert of(talk).comparison.forged == ()


def test_a_clamped_mss_and_a_translated_address_are_named() -> None:
    changes = of(download(Path(clamp=1200, nat=True))).comparison.changes
    assert {c.what for c in changes} == {"mss", "client_address"}
    by_way = {c.way: (c.before, c.after) for c in changes if c.what == "mss"}
    assert by_way == {Way.OUT: ("1460", "1200"), Way.BACK: ("1200", "1460")}


def test_a_firewall_that_hides_sequence_numbers_is_no_proxy() -> None:
    found = of(download(Path(renumber=(123_456_789, 4_000_000_000), nat=True))).comparison
    assert [p.tie for p in found.pairs] == [Tie.RENUMBERED]
    assert found.pairs[0].back is not None and found.pairs[0].back.lost_bytes == 0
    assert "sequence_numbers" in {c.what for c in found.changes}


def test_two_connections_that_look_alike_are_told_apart_by_their_bytes() -> None:
    one, other = (download(Path(nat=True), client_port=40000 + n, seed=n) for n in (1, 2))
    found = of(one, other).comparison
    assert len(found.pairs) == 2
    assert all(t.lost_bytes == 0 for p in found.pairs for t in (p.out, p.back) if t is not None)


def test_senders_that_draw_no_random_numbers_are_matched_with_both_ends() -> None:
    talks = [Talk(Path(), client_port=40000 + n, start_s=0.1 * n).open() for n in range(20)]
    found = of(*talks).comparison
    assert [(p.near, p.far) for p in found.pairs] == [(n, n) for n in range(20)]


@pytest.mark.parametrize("snaplens", [(70, 262144), (262144, 96), (60, 60)])
def test_a_snaplen_leaves_enough_to_match(snaplens: tuple[int, int]) -> None:
    found = of(download(Path(nat=True)), snaplens=snaplens).comparison
    assert [p.tie for p in found.pairs] == [Tie.SAME]
    assert found.pairs[0].back is not None and found.pairs[0].back.lost_bytes == 0


def test_a_capture_that_starts_midway_is_matched() -> None:
    talk = download(Path(nat=True))
    near, _ = files([talk])
    talk.far = talk.far[5:]
    _, far = files([talk])
    found = compared(near, far).comparison
    assert [p.tie for p in found.pairs] == [Tie.SAME]
    assert found.pairs[0].out is not None and found.pairs[0].out.lost_bytes == 0


def test_bytes_behind_a_connect_head_belong_to_a_proxied_connection() -> None:
    inner = Talk(Path(), seed=5).open()
    inner.request()
    outer = Talk(Path(), seed=6, client_port=41000).open()
    outer.send(0, b"CONNECT proxy.example:443 HTTP/1.1\r\nHost: proxy.example:443\r\n\r\n")
    outer.send(1, b"HTTP/1.1 200 Connection established\r\n\r\n")
    same = Talk(Path(), seed=5).open()
    data = [same.fresh(300), same.fresh(1000), same.fresh(1000), same.fresh(1000)]
    outer.send(0, data[0])
    for part in data[1:]:
        outer.send(1, part)
    inner.near, outer.far = [], []
    # The proxy hands things on a little later than it gets them.
    inner.far = [(t + 0.06, frame) for t, frame in inner.far]
    found = of(outer, inner).comparison
    assert [(p.tie, p.out, p.back) for p in found.pairs] == [(Tie.TERMINATED, None, None)]
    assert found.forged == ()


def test_syns_that_never_come_past_the_far_point_have_vanished() -> None:
    good = download()
    blocked = Talk(Path(), client_port=40077, seed=9, start_s=0.2)
    for _ in range(3):
        blocked.send(0, flags=SYN, seen="near", again=blocked._next[0])
        blocked.now_s += 0.2
    good.now_s = 2.0
    good.request()
    found = of(good, blocked).comparison
    assert len(found.vanished) == 1
    assert found.near_only == 1


def test_a_syn_to_somewhere_the_far_point_never_saw_has_not_vanished() -> None:
    good = download()
    good.now_s = 2.0
    good.request()
    frame = ip("10.1.0.2", "203.0.113.77", 6, segment(40123, 443, 5, 0, SYN))
    good.near.append((0.4, frame))
    assert of(good).comparison.vanished == ()


def test_a_rewritten_payload_is_a_change() -> None:
    talk = download()
    at, frame = next((n, f) for n, f in enumerate(talk.far) if len(f[1]) > 1000)
    talk.far[at] = (frame[0], frame[1][:-900] + bytes(900)[:900])
    talk.far[at] = (frame[0], frame[1][:52] + b"\0" * (len(frame[1]) - 52))
    assert "payload" in {c.what for c in of(talk).comparison.changes}


def test_other_packets_do_no_harm() -> None:
    talk = download()
    noise = [(0.01 * n, ip("10.1.0.2", "10.1.0.9", 17, udp(5000, 6000, b"x"))) for n in range(20)]
    talk.near += noise
    found = of(talk).comparison
    assert len(found.pairs) == 1 and found.forged == ()


def test_joined_segments_hold_what_went_in() -> None:
    talk = Talk().open()
    for _ in range(4):
        talk.send(1, talk.fresh(1000))
    joined = merged(sorted(talk.far))
    assert len(joined) == len(talk.far) - 3


def test_one_way_alone_gives_no_error_bound() -> None:
    talk = download()
    near, _ = files([talk])
    talk.far = [f for f in talk.far if f[1][12:16] != bytes((192, 0, 2, 80))]
    _, far = files([talk])
    clock = compared(near, far).comparison.clock
    assert clock is not None
    assert clock.error_s is None
    assert START_S > 0

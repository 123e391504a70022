"""Every kind of segment with old bytes, and on which side of the capture the first was lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.facts import Connection, LossSide, Retransmission, RetransmissionKind
from tests.analyzers.exchange import MSS, Exchange
from tests.packets import ACK, FIN, RST, SYN

Kind = RetransmissionKind


def only(found: tuple[Retransmission, ...]) -> Retransmission:
    """The one retransmission there is."""
    assert len(found) == 1
    return found[0]


def download(at: float = 0.1, count: int = 4, lost: tuple[int, ...] = ()) -> Exchange:
    """A request and a flight of full segments, some of which never reach the capture."""
    exchange = Exchange().open(0.02)
    exchange.c(at - 0.03, 1, 1, 100)
    exchange.s(at - 0.01, 1, 101)
    for number in range(count):
        if number in lost:
            exchange.server.ip_id += 1
        else:
            exchange.s(at + 0.001 * number, 1 + MSS * number, 101, MSS)
    return exchange


def none_out_of_order(connection: Connection) -> bool:
    """Neither half shows anything out of order."""
    return not (connection.client.out_of_order_frames or connection.server.out_of_order_frames)


def test_lost_before_the_capture_and_sent_again_fast(tmp_path: Path) -> None:
    exchange = download(lost=(1,))
    exchange.c(0.102, 101, 1001, blocks=((2001, 3001),))
    exchange.c(0.103, 101, 1001, blocks=((2001, 4001),))
    frame = exchange.s(0.125, 1001, 101, MSS)
    exchange.c(0.125, 101, 4001)
    connection = exchange.connection(tmp_path)
    found = only(connection.server.retransmissions)
    assert (found.frame, found.sequence, found.length) == (frame, 1001, MSS)
    assert (found.kind, found.loss) == (Kind.FAST, LossSide.BEFORE_CAPTURE)
    assert found.delay_s == pytest.approx(0.023)
    assert found.original_frame is None
    assert none_out_of_order(connection)
    assert (connection.server.missing_bytes, connection.server.payload_bytes) == (0, 4000)


def test_lost_before_the_capture_and_sent_again_by_the_timer(tmp_path: Path) -> None:
    exchange = download(lost=(2,))
    exchange.c(0.103, 101, 2001, blocks=((3001, 4001),))
    exchange.s(0.403, 2001, 101, MSS)
    exchange.c(0.403, 101, 4001)
    found = only(exchange.connection(tmp_path).server.retransmissions)
    assert (found.kind, found.loss) == (Kind.TIMEOUT, LossSide.BEFORE_CAPTURE)


def test_lost_after_the_capture_and_sent_again_fast(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    frames = [exchange.c(0.1 + 0.001 * n, 1 + MSS * n, 1, MSS) for n in range(4)]
    for n in (1, 2, 3):
        exchange.s(0.12 + 0.001 * n, 1, 1, blocks=((1001, 1001 + MSS * n),))
    frame = exchange.c(0.124, 1, 1, MSS)
    exchange.s(0.144, 1, 4001)
    found = only(exchange.connection(tmp_path).client.retransmissions)
    assert (found.frame, found.original_frame) == (frame, frames[0])
    assert (found.kind, found.loss) == (Kind.FAST, LossSide.AFTER_CAPTURE)
    assert found.delay_s == pytest.approx(0.024)


def test_the_timer_doubles_when_nobody_answers(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for at in (0.1, 0.32, 0.76, 1.64):
        exchange.c(at, 1, 1, 500)
    found = exchange.connection(tmp_path).client.retransmissions
    assert [r.kind for r in found] == [Kind.TIMEOUT] * 3
    assert {r.loss for r in found} == {LossSide.AFTER_CAPTURE}
    assert [round(r.delay_s or 0, 3) for r in found] == [0.22, 0.66, 1.54]


def test_a_probe_comes_before_the_timer_and_does_not_double_it(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for at in (0.1, 0.16, 0.4, 0.84):
        exchange.c(at, 1, 1, 500)
    kinds = [r.kind for r in exchange.connection(tmp_path).client.retransmissions]
    assert kinds == [Kind.TAIL_PROBE, Kind.TIMEOUT, Kind.TIMEOUT]


def test_without_sack_there_is_no_probe(tmp_path: Path) -> None:
    exchange = Exchange(sack=False).open(0.02)
    exchange.c(0.1, 1, 1, 500)
    exchange.c(0.33, 1, 1, 500)
    assert only(exchange.connection(tmp_path).client.retransmissions).kind is Kind.TIMEOUT


def test_after_a_probe_that_was_needed_the_timer_comes_first(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1, 1, 500)
    exchange.c(0.33, 1, 1, 500)
    exchange.s(0.35, 1, 501)
    exchange.c(0.4, 501, 1, 500)
    exchange.c(0.63, 501, 1, 500)
    kinds = [r.kind for r in exchange.connection(tmp_path).client.retransmissions]
    assert kinds == [Kind.TAIL_PROBE, Kind.TIMEOUT]


def test_a_copy_after_two_timers_follows_a_probe_that_was_lost_on_the_way(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.02, 0, 1, flags=SYN | ACK)
    exchange.c(0.03, 1, 1)  # the client is 10 ms away
    exchange.c(0.1, 1, 1, 500)
    exchange.c(0.57, 1, 1, 500)
    assert only(exchange.connection(tmp_path).client.retransmissions).kind is Kind.TIMEOUT


def test_what_was_sent_later_and_arrived_tells_of_a_loss(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for n in range(3):
        exchange.c(0.1 + 0.001 * n, 1 + MSS * n, 1, MSS)
    # The second arrives; the first is sent again and arrives: the third must be lost (RACK).
    exchange.s(0.121, 1, 1, blocks=((1001, 2001),))
    exchange.c(0.121, 1, 1, MSS)
    exchange.s(0.141, 1, 2001)
    exchange.c(0.141, 2001, 1, MSS)
    kinds = [r.kind for r in exchange.connection(tmp_path).client.retransmissions]
    assert kinds == [Kind.FAST, Kind.FAST]


def test_acks_do_not_hide_that_a_sender_of_data_was_silent(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for n in range(2):
        exchange.c(0.1 + 0.001 * n, 1 + MSS * n, 1, MSS)
    exchange.s(0.121, 1, 1, blocks=((1001, 2001),))
    exchange.c(0.122, 1, 1, MSS)
    for n in range(8):
        exchange.s(0.15 + 0.03 * n, 1 + 100 * n, 1, 100, blocks=((1001, 2001),))
        exchange.c(0.15 + 0.03 * n, 2001, 101 + 100 * n)
    exchange.c(0.37, 1, 1, MSS)
    kinds = [r.kind for r in exchange.connection(tmp_path).client.retransmissions]
    assert kinds == [Kind.FAST, Kind.TIMEOUT]


def test_what_a_late_report_calls_for_is_not_the_timers(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for n in range(4):
        exchange.c(0.1 + 0.001 * n, 1 + MSS * n, 1, MSS)
    exchange.s(0.121, 1, 1, blocks=((1001, 2001),))
    exchange.c(0.121, 1, 1, MSS)
    exchange.s(0.36, 1, 2001, blocks=((3001, 4001),))  # what reported it sooner was lost
    exchange.c(0.36, 2001, 1, MSS)
    kinds = [r.kind for r in exchange.connection(tmp_path).client.retransmissions]
    assert kinds == [Kind.FAST, Kind.FAST]


def test_what_was_seen_once_was_not_sent_for_nothing(tmp_path: Path) -> None:
    exchange = download(lost=(1,))
    exchange.c(0.102, 101, 1001, blocks=((2001, 3001),))
    exchange.c(0.103, 101, 1001, blocks=((2001, 4001),))
    exchange.s(0.125, 1001, 101, MSS)
    exchange.c(0.125, 101, 4001)
    exchange.c(0.126, 101, 4001, blocks=((1001, 2001),))  # a link behind the capture doubled it
    found = only(exchange.connection(tmp_path).server.retransmissions)
    assert (found.kind, found.loss) == (Kind.FAST, LossSide.BEFORE_CAPTURE)


def test_the_answer_tells_which_syn_arrived(tmp_path: Path) -> None:
    losses = []
    for echo in (7_000, 8_000):
        exchange = Exchange()
        exchange.c(0.0, 0, 0, flags=SYN)
        exchange.c(1.0, 0, 0, flags=SYN)
        exchange.s(1.02, 0, 1, flags=SYN | ACK, tsecr=echo)
        exchange.c(1.02, 1, 1)
        losses.append(only(exchange.connection(tmp_path).client.retransmissions).loss)
    assert losses == [LossSide.NOT_LOST, LossSide.AFTER_CAPTURE]


def test_the_last_segment_alone_is_a_probe_while_others_are_out(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for n in range(3):
        exchange.c(0.1 + 0.001 * n, 1 + MSS * n, 1, MSS)
    frame = exchange.c(0.35, 1 + 2 * MSS, 1, MSS)
    found = only(exchange.connection(tmp_path).client.retransmissions)
    assert (found.frame, found.kind) == (frame, Kind.TAIL_PROBE)


def test_what_was_acknowledged_is_sent_again_for_nothing(tmp_path: Path) -> None:
    exchange = download()
    exchange.c(0.104, 101, 4001)
    exchange.s(0.5, 3001, 101, MSS)
    connection = exchange.connection(tmp_path)
    found = only(connection.server.retransmissions)
    assert (found.kind, found.loss) == (Kind.SPURIOUS, LossSide.NOT_LOST)
    assert none_out_of_order(connection)


def test_a_reported_duplicate_makes_it_spurious(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1, 1, 500)
    exchange.c(0.32, 1, 1, 500)
    exchange.s(0.33, 1, 501)
    report = exchange.s(0.35, 1, 501, blocks=((1, 501),))
    connection = exchange.connection(tmp_path)
    assert only(connection.client.retransmissions).kind is Kind.SPURIOUS
    assert connection.server.dsack_frames == (report,)


def test_a_report_inside_the_second_block(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1001, 1, 1000)
    exchange.c(0.32, 1001, 1, 1000)
    report = exchange.s(0.35, 1, 1, blocks=((1001, 2001), (1001, 2001)))
    assert exchange.connection(tmp_path).server.dsack_frames == (report,)


def test_an_ack_with_the_old_timestamp_answers_the_original(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1, 1, 500)
    exchange.c(0.32, 1, 1, 500)
    exchange.s(0.33, 1, 501, tsecr=7_100)
    found = only(exchange.connection(tmp_path).client.retransmissions)
    assert (found.kind, found.loss) == (Kind.SPURIOUS, LossSide.NOT_LOST)


def test_an_ack_with_the_new_timestamp_answers_the_retransmission(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1, 1, 500)
    exchange.c(0.32, 1, 1, 500)
    exchange.s(0.34, 1, 501, tsecr=7_320)
    found = only(exchange.connection(tmp_path).client.retransmissions)
    assert (found.kind, found.loss) == (Kind.TAIL_PROBE, LossSide.AFTER_CAPTURE)


def test_older_timestamps_were_overtaken(tmp_path: Path) -> None:
    exchange = download(lost=(1,))
    exchange.c(0.102, 101, 1001, blocks=((2001, 3001),))
    frame = exchange.s(0.15, 1001, 101, MSS, tsval=90_100, ip_id=9004)
    connection = exchange.connection(tmp_path)
    assert connection.server.out_of_order_frames == (frame,)
    assert connection.server.retransmissions == ()


@pytest.mark.parametrize(("identification", "overtaken"), [(9005, True), (9009, False)])
def test_without_timestamps_the_packet_counter_tells(
    identification: int, overtaken: bool, tmp_path: Path
) -> None:
    exchange = Exchange(timestamps=False).open(0.02)
    exchange.server.ip_id = 9003
    exchange.s(0.1, 1, 1, MSS)
    exchange.server.ip_id += 1
    exchange.s(0.101, 2001, 1, MSS)
    exchange.s(0.102, 3001, 1, MSS)
    exchange.s(0.13, 1001, 1, MSS, ip_id=identification)
    server = exchange.connection(tmp_path).server
    assert bool(server.out_of_order_frames) is overtaken
    assert bool(server.retransmissions) is not overtaken


@pytest.mark.parametrize(("delay", "overtaken"), [(0.005, True), (0.025, False)])
def test_without_counters_a_round_trip_tells(delay: float, overtaken: bool, tmp_path: Path) -> None:
    exchange = Exchange(timestamps=False).open(0.02)
    exchange.s(0.1, 1, 1, MSS, ip_id=0)
    exchange.s(0.101, 2001, 1, MSS, ip_id=0)
    exchange.s(0.101 + delay, 1001, 1, MSS, ip_id=0)
    server = exchange.connection(tmp_path).server
    assert bool(server.out_of_order_frames) is overtaken
    assert bool(server.retransmissions) is not overtaken


@pytest.mark.parametrize(("delay", "overtaken"), [(0.005, True), (0.11, False)])
def test_beside_the_sender_a_copy_takes_the_round_trip_to_the_receiver_too(
    delay: float, overtaken: bool, tmp_path: Path
) -> None:
    """1 ms to the server, 100 ms to the client, whose duplicate ACK asks for the copy."""
    exchange = Exchange(timestamps=False)
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.001, 0, 1, flags=SYN | ACK)
    exchange.c(0.101, 1, 1)
    exchange.s(0.2, 1, 1, MSS, ip_id=0)
    exchange.s(0.201, 2001, 1, MSS, ip_id=0)
    exchange.s(0.201 + delay, 1001, 1, MSS, ip_id=0)
    server = exchange.connection(tmp_path).server
    assert bool(server.out_of_order_frames) is overtaken
    assert bool(server.retransmissions) is not overtaken


def test_an_original_behind_its_own_retransmission(tmp_path: Path) -> None:
    exchange = download(lost=(1,))
    exchange.c(0.102, 101, 1001, blocks=((2001, 3001),))
    again = exchange.s(0.125, 1001, 101, MSS)
    exchange.c(0.125, 101, 4001)
    late = exchange.s(0.2, 1001, 101, MSS, tsval=90_101, ip_id=9004)
    connection = exchange.connection(tmp_path)
    found = only(connection.server.retransmissions)
    assert (found.frame, found.kind, found.loss) == (again, Kind.SPURIOUS, LossSide.NOT_LOST)
    assert connection.server.late_original_frames == (late,)
    assert none_out_of_order(connection)


def test_syns_sent_again(tmp_path: Path) -> None:
    exchange = Exchange()
    frames = [exchange.c(at, 0, 0, flags=SYN) for at in (0.0, 1.0, 3.0)]
    connection = exchange.connection(tmp_path)
    assert connection.client.syn_frames == tuple(frames)
    assert connection.client.syn_times_s == (0.0, 1.0, 3.0)
    found = connection.client.retransmissions
    assert [(r.kind, r.loss) for r in found] == [(Kind.SYN, LossSide.AFTER_CAPTURE)] * 2
    assert [r.delay_s for r in found] == [1.0, 3.0]
    assert connection.handshake_rtt_s is None


def test_a_new_try_after_a_refusal_is_no_retransmission(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.c(0.0, 0, 0, flags=SYN)
    exchange.s(0.01, 0, 1, flags=RST | ACK)
    exchange.c(0.5, 0, 0, flags=SYN)
    exchange.s(0.51, 0, 1, flags=RST | ACK)
    connection = exchange.connection(tmp_path)
    assert connection.client.retransmissions == ()
    assert connection.client.syn_frames == (1, 3)


def test_a_fin_sent_again(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    exchange.c(0.1, 1, 1, flags=FIN | ACK)
    exchange.c(0.33, 1, 1, flags=FIN | ACK)
    found = only(exchange.connection(tmp_path).client.retransmissions)
    assert (found.length, found.kind) == (0, Kind.TAIL_PROBE)


def test_a_fin_that_was_lost_shows_by_the_next_ack(tmp_path: Path) -> None:
    exchange = download()
    exchange.c(0.11, 101, 4001, flags=FIN | ACK)
    exchange.server.ip_id += 1
    exchange.s(0.13, 4002, 102)
    exchange.s(0.35, 4001, 102, flags=FIN | ACK)
    found = only(exchange.connection(tmp_path).server.retransmissions)
    assert (found.loss, found.length) == (LossSide.BEFORE_CAPTURE, 0)


def test_keep_alives_and_probes_are_no_retransmissions(tmp_path: Path) -> None:
    exchange = download()
    exchange.c(0.104, 101, 4001)
    bare = exchange.s(15.0, 4000, 101)
    exchange.c(15.0, 101, 4001)
    one = exchange.s(30.0, 4000, 101, 1)
    exchange.c(30.0, 101, 4001)
    server = exchange.connection(tmp_path).server
    assert server.keep_alive_frames == (bare, one)
    assert server.retransmissions == ()


def test_data_after_a_one_byte_probe_is_new(tmp_path: Path) -> None:
    exchange = download()
    exchange.c(0.104, 101, 4001, window=0)
    exchange.s(0.4, 4001, 101, 1)
    exchange.c(0.4, 101, 4001, window=0)
    exchange.c(0.8, 101, 4001)
    exchange.s(0.82, 4001, 101, MSS)
    assert exchange.connection(tmp_path).server.retransmissions == ()


def test_everything_after_a_timeout_is_sent_because_of_it(tmp_path: Path) -> None:
    exchange = Exchange().open(0.02)
    for n in range(4):
        exchange.c(0.1 + 0.001 * n, 1 + MSS * n, 1, MSS)
    exchange.c(0.4, 1, 1, MSS)
    exchange.s(0.42, 1, 1001)
    exchange.c(0.4201, 1001, 1, MSS)
    exchange.c(0.4202, 2001, 1, MSS)
    kinds = [r.kind for r in exchange.connection(tmp_path).client.retransmissions]
    assert kinds == [Kind.TIMEOUT] * 3


def test_duplicate_acks_repeat_while_data_is_under_way(tmp_path: Path) -> None:
    exchange = download(lost=(1,))
    exchange.c(0.102, 101, 1001, blocks=((2001, 3001),))
    again = exchange.c(0.103, 101, 1001, blocks=((2001, 4001),), window=490)
    exchange.s(0.125, 1001, 101, MSS)
    exchange.c(0.125, 101, 4001)
    exchange.c(0.126, 101, 4001)
    assert exchange.connection(tmp_path).client.duplicate_ack_frames == (again,)

"""Large packets that vanish while small ones pass, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzers.facts import Connection, Facts, LossSide, RetransmissionKind, TlsHandshake
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    CLIENT,
    GATEWAY,
    SERVER,
    asked_again,
    closed,
    facts,
    fetched,
    frame_at,
    icmp,
    resolved,
    sent,
)
from tests.factories.courses import again, silence

CODE = "path.mtu_blackhole"


def stuck(**server: Any) -> tuple[Connection, TlsHandshake]:
    """14 kB that the server sent never arrive; after 10 s the client's FIN is answered."""
    changes = sent(2000, 0.2) | {"max_ip_length": 1400, "sent_bytes": 16_000, "last_s": 10.22}
    return fetched(
        client=sent(1000, 0.3) | closed(10.2) | asked_again((0.3, 0.32), (10.2, 10.22)),
        server=changes | server,
        silences=(silence(0.32, 10.2, "sender_idle"),),
        last_s=10.22,
    )


def test_what_the_server_sent_never_arrives_but_its_acks_do() -> None:
    capture = facts(resolved(SERVER), stuck())
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 5))
    assert finding.impact_s == pytest.approx(9.9, abs=0.1)
    assert {frame_at(10.2), frame_at(10.22)} <= frames(finding)
    assert root_of(capture) == ("failed", CODE)


@pytest.mark.parametrize(
    "server",
    [
        pytest.param({"max_ip_length": 1500}, id="packets as large came before: not their size"),
        pytest.param({"sent_bytes": 2000}, id="the server sent nothing more: it stalls"),
        pytest.param({"sent_bytes": 2062}, id="what is missing is a small segment"),
    ],
)
def test_other_reasons_for_silence(server: dict[str, Any]) -> None:
    assert not found(CODE, facts(resolved(SERVER), stuck(**server)))


def test_a_dead_path_passes_nothing_at_all() -> None:
    whole, _ = stuck(last_s=0.3)
    changes = asked_again((0.3, None), (0.6, None), (1.2, None), (10.2, None))
    silent = fetched(
        client=sent(1000, 0.3) | closed(10.2) | changes,
        server={"max_ip_length": 1400, "sent_bytes": 16_000} | sent(2000, 0.2),
        silences=whole.silences,
        last_s=10.2,
    )
    assert not found(CODE, facts(resolved(SERVER), silent))


def test_a_large_request_that_is_never_acknowledged() -> None:
    copies = tuple(
        again(t, delay_s=t - 0.3, kind=RetransmissionKind.TIMEOUT, loss=LossSide.AFTER_CAPTURE,
              sequence=1001)
        for t in (0.5, 0.9, 1.8, 3.6)
    )  # fmt: skip
    client = sent(1000, 0.2) | asked_again((0.3, None), (0.301, 0.33), (3.6, None))
    client |= {"retransmissions": copies, "sent_bytes": 5000}
    large = fetched(client=client, last_s=3.6)
    finding = only(CODE, facts(resolved(SERVER), large))
    assert "Large packets to " in finding.summary


def test_a_router_that_tells_its_mtu_names_the_link() -> None:
    told = icmp(1.0, GATEWAY, kind="fragmentation_needed", ttl=64, mtu=1400)
    finding = only(CODE, facts(resolved(SERVER), stuck(), told))
    assert place(finding) == (Role.GATEWAY, GATEWAY, (1, 2))


def test_what_the_client_tells_itself_names_no_link() -> None:
    """Linux repeats over its loopback what it remembers of a path, in its own name."""
    own = icmp(1.0, CLIENT, kind="fragmentation_needed", ttl=64, mtu=1400)
    assert only(CODE, facts(resolved(SERVER), stuck(), own)).hop.role is Role.PATH


def test_a_router_that_is_heeded_is_no_fault() -> None:
    told = icmp(0.2, GATEWAY, kind="fragmentation_needed", ttl=64, mtu=1400)
    assert not found(CODE, facts(resolved(SERVER), fetched(), told))


def behind(**client: Any) -> tuple[Connection, TlsHandshake]:
    """On a router: the server sends one large segment again and again, and gets on no further."""
    first = again(0.6, loss=LossSide.AFTER_CAPTURE, sequence=1001, length=1400)
    first = replace(first, delay_s=0.3, original_frame=frame_at(0.3))
    copies = [
        replace(first, frame=frame_at(t), time_s=t, delay_s=t - 0.3) for t in (0.6, 1.2, 2.4, 4.8)
    ]
    server = sent(4000, 0.2) | {"acked_bytes": 1000, "sent_bytes": 4000, "last_s": 4.8}
    told = {"duplicate_ack_frames": (frame_at(0.31),)} | client
    return fetched(
        client=sent(1000, 0.3) | closed(10.2) | told,
        server=server | {"retransmissions": tuple(copies)},
        silences=(silence(0.3, 10.2, "loss"),),
        last_s=10.22,
    )


def test_large_segments_die_between_a_router_and_the_client() -> None:
    capture = facts(resolved(SERVER), behind(), distances={CLIENT: 2})
    finding = only(CODE, capture)
    assert place(finding) == (Role.PATH, None, (0, 2))
    assert {frame_at(0.6), frame_at(4.8), frame_at(0.31)} <= frames(finding)
    assert root_of(capture) == ("failed", CODE)


def test_nothing_small_gets_to_the_client_either() -> None:
    alone = behind(duplicate_ack_frames=())
    assert not found(CODE, facts(resolved(SERVER), alone, distances={CLIENT: 2}))


def test_as_large_packets_got_to_the_client() -> None:
    other = fetched(1, 0.05, server=sent(9000, 0.1) | {"max_ip_length": 1500})
    assert not found(CODE, facts(resolved(SERVER), behind(), other, distances={CLIENT: 2}))


def quiet(**changes: Any) -> Facts:
    """At the server: one large segment dies; the client has the ACKs of its data, and closes
    late."""
    client = {"duplicate_ack_frames": (), "last_s": 10.2, "highest_acked_frame": frame_at(0.35)}
    return facts(resolved(SERVER), behind(**(client | changes)), distances={CLIENT: 2})


def test_a_client_that_repeats_nothing_has_the_small_acks() -> None:
    finding = only(CODE, quiet())
    assert frame_at(0.35) in frames(finding)


@pytest.mark.parametrize(
    "client",
    [
        pytest.param({"last_s": 0.3}, id="it may be gone"),
        pytest.param({"retransmissions": (again(0.6),)}, id="its data were not acknowledged"),
        pytest.param({"acked_bytes": 400}, id="nor was all of it"),
    ],
)
def test_a_client_that_may_have_heard_nothing(client: dict[str, Any]) -> None:
    assert not found(CODE, quiet(**client))

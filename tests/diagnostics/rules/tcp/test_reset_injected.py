"""Resets in the server's name: what proves that it did not send them, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts, Side
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    CLIENT,
    SERVER,
    SERVER_TTL,
    closed,
    connection,
    facts,
    fetched,
    frame_at,
    handshake,
    reset,
    resolved,
    sent,
)

CODE = "tcp.reset_injected"
OWN = "tcp.reset_by_server"


def cut(*signs: str, ttl: int = 62, at_s: float = 0.6, **changes: Any) -> Facts:
    """A download inside TLS that a RST with the server's address cuts in the middle."""
    rst = reset(at_s, ttl=ttl, signs=signs, **changes)
    carried = connection(
        0,
        0.1,
        last_s=at_s,
        client=sent(1000, 0.13, 0.2),
        server=sent(90_000, 0.15, at_s - 0.01),
        resets=(rst,),
    )
    return facts(resolved(SERVER), carried, handshake())


@pytest.mark.parametrize(
    "signs",
    [
        ("sequence_below_data",),
        ("sequence_changes",),
        ("peer_went_on",),
        ("before_rtt",),
        ("ttl_differs", "ip_id_differs"),
        ("ttl_differs", "timestamps_missing"),
        ("ttl_differs", "window_odd"),
    ],
)
def test_a_proof_or_a_ttl_with_a_second_sign_convicts(signs: tuple[str, ...]) -> None:
    finding = only(CODE, cut(*signs))
    assert place(finding) == (Role.MIDDLEBOX, None, (3, 3))
    assert finding.fatal
    assert frame_at(0.6) in frames(finding)
    assert root_of(cut(*signs)) == ("failed", CODE)
    assert not found(OWN, cut(*signs))


@pytest.mark.parametrize(
    "signs",
    [(), ("ttl_differs",), ("ip_id_differs",), ("timestamps_missing",), ("window_odd",)],
)
def test_one_weak_sign_leaves_it_the_servers(signs: tuple[str, ...]) -> None:
    assert not found(CODE, cut(*signs, ttl=SERVER_TTL))
    assert root_of(cut(*signs, ttl=SERVER_TTL)) == ("failed", OWN)


@pytest.mark.parametrize("ttl", [251, 124])
def test_another_initial_ttl_from_as_far_as_the_server_is_the_servers(ttl: int) -> None:
    """A load balancer's RST, which comes as far as the data, counts down from another value."""
    assert SERVER_TTL == 60
    assert root_of(cut("ttl_differs", "timestamps_missing", ttl=ttl)) == ("failed", OWN)
    assert found(CODE, cut("ttl_differs", "timestamps_missing", ttl=ttl + 1))


def test_a_copied_ttl_leaves_the_way_to_the_server() -> None:
    finding = only(CODE, cut("sequence_below_data", ttl=SERVER_TTL))
    assert place(finding) == (Role.MIDDLEBOX, None, (1, 5))


def test_one_box_is_one_finding() -> None:
    two = [cut_connection(0, 0.1), cut_connection(1, 0.2)]
    both = facts(resolved(SERVER), two, handshake(0), handshake(1, 0.23))
    assert only(CODE, both).streams == {0, 1}


def test_made_up_ttls_are_one_box_somewhere_on_the_way() -> None:
    parts = [
        (cut_connection(n, 0.1 + n / 10, ttl), handshake(n, 0.13 + n / 10))
        for n, ttl in enumerate((62, 47, 113))
    ]
    finding = only(CODE, facts(resolved(SERVER), *parts))
    assert place(finding) == (Role.MIDDLEBOX, None, (1, 5))


def cut_connection(stream: int, at_s: float, ttl: int = 62) -> Any:
    rst = reset(at_s + 0.5, ttl=ttl, signs=("sequence_below_data",))
    said: dict[str, Any] = {
        "client": sent(1000, at_s + 0.03),
        "server": sent(9000, at_s + 0.05, at_s + 0.4),
    }
    return connection(stream, at_s, last_s=at_s + 0.5, resets=(rst,), **said)


@pytest.mark.parametrize(
    "rst",
    [
        pytest.param(reset(1.01, signs=("peer_went_on",)), id="after the client's FIN"),
        pytest.param(reset(0.99, Side.CLIENT), id="the client's own, at exit"),
    ],
)
def test_resets_at_the_end_hurt_nobody(rst: Any) -> None:
    ended = closed(1.0) if rst.sender is Side.SERVER else {}
    carried = connection(
        0,
        0.1,
        client={**sent(1000, 0.13, 0.2), **ended},
        server=sent(90_000, 0.15, 0.8),
        resets=(rst,),
    )
    healthy(facts(resolved(SERVER), carried, handshake()))


def test_a_reset_that_the_client_ignored_cost_nothing() -> None:
    """The forger's sequence number was wrong: the transfer went on to its end."""
    carried = fetched(resets=(reset(0.4, ttl=62, signs=("peer_went_on",)),))
    healthy(facts(resolved(SERVER), carried))


def beyond(*signs: str, ttl: int = 63, **changes: Any) -> Facts:
    """At the server: in the middle of an answer a RST comes with the client's address."""
    rst = reset(0.6, Side.CLIENT, ttl=ttl, signs=signs)
    client = sent(1000, 0.13, 0.2) | {"ttl": 61}
    carried = connection(
        last_s=0.6,
        client=client | changes.pop("client", {}),
        server=sent(90_000, 0.15, 0.59),
        **({"resets": (rst,)} | changes),
    )
    return facts(carried, handshake(), distances={CLIENT: 4})


def test_seen_at_the_server_it_carries_the_clients_name() -> None:
    forged = beyond("ttl_differs", "timestamps_missing")
    finding = only(CODE, forged)
    assert place(finding) == (Role.MIDDLEBOX, None, (2, 2))
    assert frame_at(0.6) in frames(finding)
    assert root_of(forged) == ("failed", CODE)


@pytest.mark.parametrize(
    "capture",
    [
        pytest.param(beyond("timestamps_missing", "ip_id_differs", ttl=61), id="its own"),
        pytest.param(beyond("ttl_differs"), id="another route"),
        pytest.param(
            beyond("ttl_differs", "timestamps_missing", ttl=125), id="another initial TTL"
        ),
        pytest.param(
            beyond("ttl_differs", "timestamps_missing", duplicate_frames=(3, 4)),
            id="a router that records each packet twice",
        ),
        pytest.param(
            beyond("ttl_differs", "timestamps_missing", client=closed(0.3)), id="it had closed"
        ),
    ],
)
def test_resets_of_the_client_itself(capture: Facts) -> None:
    assert not found(CODE, capture)

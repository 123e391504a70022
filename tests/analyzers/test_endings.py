"""How tries end, stage by stage, from one connection's facts."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.endings import (
    Ending,
    connect_ending,
    request_ending,
    tls_ending,
    tunnel_ending,
)
from analyzers.facts import Outcome, Side, TlsStage, Turn
from tests.factories import (
    GATEWAY,
    NOTHING_BACK,
    alert,
    client_hello,
    closed,
    connect,
    connection,
    frame_at,
    handshake,
    icmp,
    request,
    reset,
    sent,
    unconnected,
)

OPEN_S = 0.5
"""The capture ends so soon after that nothing is decided."""
LATE_S = 60.0
RST: dict[str, Any] = {"resets": (reset(0.6),)}
CLIENT_RST: dict[str, Any] = {"resets": (reset(0.6, Side.CLIENT),)}
SERVER_FIN: dict[str, Any] = {"server": closed(0.6), "client": closed(0.61)}
REFUSAL = alert(0.59, "bad_certificate", 42, Side.CLIENT)
WARNED = alert(0.14, "unrecognized_name", 112, level=1)
TAKEN: dict[str, Any] = {"hello_acked_s": 0.2}
SAID_MORE: dict[str, Any] = {"client": sent(280, 0.13) | {"sent_bytes": 5000}}
LEFT_AT_ONCE: dict[str, Any] = {"client": closed(0.135), "server": closed(0.155)}
CLIENT_FIN: dict[str, Any] = {"client": closed(0.6), "server": closed(0.61)}


def words(ending: Ending | None) -> tuple[str, str, str] | None:
    return None if ending is None else (ending.outcome.value, ending.stage.name, ending.reason)


@pytest.mark.parametrize(
    ("made", "errors", "last_s", "expected"),
    [
        (connection(), (), LATE_S, None),
        (connection(starts_midway=True), (), LATE_S, None),
        (unconnected(0.1, 1.1), (), LATE_S, ("failed", "CONNECT", "no answer")),
        (unconnected(0.1), (), OPEN_S, ("unknown", "CONNECT", "the capture ends")),
        (connection(**NOTHING_BACK, **RST), (), LATE_S, ("failed", "CONNECT", "refused")),
        (
            unconnected(0.1),
            (icmp(0.2, GATEWAY),),
            OPEN_S,
            ("failed", "CONNECT", "unreachable"),
        ),
        (
            unconnected(0.1, 1.1),
            (icmp(0.2, GATEWAY, kind="redirect"),),
            LATE_S,
            ("failed", "CONNECT", "no answer"),
        ),
        (
            connection(established=False),
            (),
            LATE_S,
            ("unknown", "CONNECT", "not completed by the client"),
        ),
        (
            unconnected(0.1, 1.1, 3.1, syn_ack_frame=frame_at(0.2)),
            (),
            LATE_S,
            ("failed", "CONNECT", "the answer is not heard"),
        ),
        (
            unconnected(0.1, 1.1, syn_ack_frame=frame_at(0.9)),
            (),
            LATE_S,
            ("unknown", "CONNECT", "not completed by the client"),
        ),
    ],
)
def test_connecting(made: Any, errors: Any, last_s: float, expected: object) -> None:
    assert words(connect_ending(made, errors, last_s)) == expected


@pytest.mark.parametrize(
    ("status", "changes", "last_s", "expected"),
    [
        (200, {}, LATE_S, None),
        (204, {}, LATE_S, None),
        (407, {}, LATE_S, ("failed", "PROXY", "status 407")),
        (502, {}, LATE_S, ("failed", "PROXY", "status 502")),
        (None, {}, OPEN_S, ("unknown", "PROXY", "the capture ends")),
        (None, {}, LATE_S, ("failed", "PROXY", "no answer")),
        (None, CLIENT_FIN, LATE_S, ("failed", "PROXY", "no answer")),
        (None, SERVER_FIN, LATE_S, ("failed", "PROXY", "closed")),
        (None, RST, LATE_S, ("failed", "PROXY", "reset")),
        (
            None,
            {"server": {"unseen_acked_bytes": 90}},
            LATE_S,
            ("unknown", "PROXY", "the capture lacks bytes of the answer"),
        ),
        (
            None,
            {"server": sent(8, 60.0)},
            LATE_S,
            ("unknown", "PROXY", "an answer that cannot be read"),
        ),
    ],
)
def test_tunnels(
    status: int | None, changes: dict[str, Any], last_s: float, expected: object
) -> None:
    assert words(tunnel_ending(connect(status=status), connection(**changes), last_s)) == expected


HELLO: dict[str, Any] = {"stage": TlsStage.CLIENT_HELLO}
FIRST_TURN = Turn(frame_at(0.13), 0.13, frame_at(0.15), 0.15, 0.02, None, False, 0.02, 0.0)
CONNECTS = Turn(frame_at(0.1), 0.1, frame_at(0.12), 0.12, 0.02, None, False, 0.02, 0.0)
FLIGHT: dict[str, Any] = {"stage": TlsStage.SERVER_FLIGHT}
FAREWELL: dict[str, Any] = {"alerts": (alert(0.9, "close_notify", 0),)}
REFUSED: dict[str, Any] = {"alerts": (alert(0.2, "handshake_failure", 40),)}
UNUSED: dict[str, Any] = {"first_application_data_s": {}}
ASKED: dict[str, Any] = {"first_application_data_s": {Side.CLIENT: 0.2}}
LOST: dict[str, Any] = {
    "server": sent(9000, 0.15) | {"unseen_acked_bytes": 5000},
    "client": sent(310, 0.13),
}


@pytest.mark.parametrize(
    ("shaken", "changes", "last_s", "expected"),
    [
        # What works.
        ({}, {}, LATE_S, ("succeeded", "RESPONSE", "answered, encrypted")),
        ({}, CLIENT_RST, LATE_S, ("succeeded", "RESPONSE", "answered, encrypted")),
        (FAREWELL, CLIENT_FIN, LATE_S, ("succeeded", "RESPONSE", "answered, encrypted")),
        (UNUSED, CLIENT_FIN, LATE_S, ("abandoned", "TLS", "completed and never used")),
        (ASKED, {}, LATE_S, ("unknown", "REQUEST", "no answer")),
        # What ends it.
        (REFUSED | HELLO, {}, LATE_S, ("failed", "TLS", "alert")),
        (HELLO, RST, LATE_S, ("failed", "TLS", "reset")),
        (HELLO, SERVER_FIN, LATE_S, ("failed", "TLS", "closed")),
        (HELLO, CLIENT_FIN, LATE_S, ("failed", "TLS", "no answer")),
        (HELLO, {}, LATE_S, ("failed", "TLS", "no answer")),
        (FLIGHT, CLIENT_FIN, LATE_S, ("failed", "TLS", "incomplete")),
        (
            FLIGHT | {"rejected_by_client": True, "alerts": (REFUSAL,)},
            CLIENT_RST,
            LATE_S,
            ("failed", "TLS", "rejected by the client"),
        ),
        # go says what it refuses: without an alert it left for another reason.
        (
            FLIGHT | {"rejected_by_client": True},
            CLIENT_RST,
            LATE_S,
            ("abandoned", "TLS", "given up by the client"),
        ),
        # Before an answer could come (the round trip takes 20 ms), nothing is the server's doing.
        (FLIGHT, LEFT_AT_ONCE, LATE_S, ("abandoned", "TLS", "given up by the client")),
        (HELLO, LEFT_AT_ONCE, OPEN_S, ("abandoned", "TLS", "given up by the client")),
        (HELLO, LEFT_AT_ONCE | RST, LATE_S, ("abandoned", "TLS", "given up by the client")),
        # The alert itself may be missing in the capture.
        (
            FLIGHT | {"rejected_by_client": True},
            CLIENT_RST | SAID_MORE,
            LATE_S,
            ("failed", "TLS", "rejected by the client"),
        ),
        # A server that took the hello has until go gives up.
        (HELLO | TAKEN, {}, 5.0, ("unknown", "TLS", "the capture ends")),
        (HELLO | TAKEN, CLIENT_FIN, 5.0, ("failed", "TLS", "no answer")),
        (HELLO | {"not_tls": "HTTP/1.1"}, {}, LATE_S, ("failed", "TLS", "the answer is not TLS")),
        ({}, RST, LATE_S, ("failed", "RESPONSE", "reset")),
        # What cannot be told.
        (HELLO, {}, OPEN_S, ("unknown", "TLS", "the capture ends")),
        (
            HELLO | {"client_hello": None},
            {},
            LATE_S,
            ("unknown", "RESPONSE", "the capture lacks bytes of the handshake"),
        ),
        (
            HELLO | {"client_hello": None},
            {"starts_midway": True},
            LATE_S,
            ("unknown", "TLS", "the capture starts after the ClientHello"),
        ),
        (HELLO | {"client_hello": None}, RST, LATE_S, ("failed", "RESPONSE", "reset")),
        (HELLO, LOST, LATE_S, ("unknown", "RESPONSE", "the capture lacks bytes of the handshake")),
        (
            HELLO | {"client_hello": client_hello(0.13, complete=False)},
            {"server": sent(9000, 0.15), "client": sent(900, 0.13)},
            LATE_S,
            ("succeeded", "RESPONSE", "answered, by its size"),
        ),
        # One flight of the server, however large, is its certificate.
        (
            HELLO | {"client_hello": client_hello(0.13, complete=False)},
            {"server": sent(9000, 0.15), "client": sent(900, 0.13), "turns": (FIRST_TURN,)},
            LATE_S,
            ("unknown", "RESPONSE", "the capture lacks bytes of the handshake"),
        ),
        (
            HELLO | {"client_hello": client_hello(0.13, complete=False)},
            {"server": sent(9000, 0.15), "client": sent(900, 0.1), "turns": (CONNECTS, FIRST_TURN)},
            LATE_S,
            ("unknown", "RESPONSE", "the capture lacks bytes of the handshake"),
        ),
        # A warning that the server went on after (RFC 6066 section 3), and one that it did not.
        ({"alerts": (WARNED,)}, {}, LATE_S, ("succeeded", "RESPONSE", "answered, encrypted")),
        (
            HELLO | {"alerts": (WARNED,)},
            SERVER_FIN,
            LATE_S,
            ("failed", "TLS", "alert"),
        ),
        (
            HELLO | {"client_hello": client_hello(0.13, versions=(2,))},
            SERVER_FIN | {"server": sent(1366, 0.15) | closed(0.6)},
            LATE_S,
            ("unknown", "TLS", "SSL 2.0, which is not read"),
        ),
        # The capture lost the hello, and not what came of it.
        (
            HELLO | {"client_hello": None},
            {"server": sent(9000, 0.15), "client": sent(900, 0.13)},
            LATE_S,
            ("succeeded", "RESPONSE", "answered, by its size"),
        ),
    ],
)
def test_handshakes(
    shaken: dict[str, Any], changes: dict[str, Any], last_s: float, expected: object
) -> None:
    assert words(tls_ending(handshake(**shaken), connection(**changes), last_s)) == expected


SAID: dict[str, Any] = {"client": sent(200, 0.13)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"server": sent(900, 0.2)}, ("unknown", "RESPONSE", "not a protocol that is read")),
        ({"starts_midway": True}, ("unknown", "REQUEST", "the capture starts after its beginning")),
        (SAID | RST, ("failed", "REQUEST", "reset")),
        (SAID, ("unknown", "REQUEST", "no answer")),
        ({}, ("abandoned", "CONNECT", "opened and never used")),
        (CLIENT_FIN, ("abandoned", "CONNECT", "opened and never used")),
    ],
)
def test_connections_without_a_handshake(changes: dict[str, Any], expected: object) -> None:
    assert words(tls_ending(None, connection(**changes), LATE_S)) == expected


def sent_bytes(count: int) -> dict[str, Any]:
    return {"server": {"sent_bytes": count}}


PARTLY: dict[str, Any] = {"complete": False, "announced_bytes": 9000, "received_bytes": 4000}
CUT_BY_SNAPLEN = PARTLY | {"gap": True}
UNSEEN: dict[str, Any] = {"server": {"unseen_acked_bytes": 900}}


@pytest.mark.parametrize(
    ("asked", "changes", "last_s", "expected"),
    [
        ({}, {}, LATE_S, ("succeeded", "RESPONSE", "status 200")),
        ({"status": 304}, {}, LATE_S, ("succeeded", "RESPONSE", "status 304")),
        ({"status": 404}, {}, LATE_S, ("failed", "RESPONSE", "status 404")),
        ({"status": 404}, {}, OPEN_S, ("unknown", "RESPONSE", "status 404, the capture ends")),
        ({"status": 404}, SERVER_FIN, OPEN_S, ("failed", "RESPONSE", "status 404")),
        ({"status": None}, RST, LATE_S, ("failed", "REQUEST", "reset")),
        ({"status": None}, SERVER_FIN, LATE_S, ("failed", "REQUEST", "closed")),
        ({"status": None}, CLIENT_FIN, LATE_S, ("failed", "REQUEST", "no answer")),
        (
            {"status": None},
            {"server": sent(900, 0.2)},
            LATE_S,
            ("unknown", "REQUEST", "an answer that cannot be read"),
        ),
        ({"status": None}, {}, OPEN_S, ("unknown", "REQUEST", "the capture ends")),
        (
            {"status": None},
            UNSEEN,
            LATE_S,
            ("unknown", "REQUEST", "the capture lacks bytes of the answer"),
        ),
        (PARTLY, RST, LATE_S, ("failed", "RESPONSE", "reset")),
        (PARTLY, SERVER_FIN, LATE_S, ("failed", "RESPONSE", "truncated")),
        (PARTLY, {}, LATE_S, ("failed", "RESPONSE", "stalled")),
        (PARTLY, {}, OPEN_S, ("unknown", "RESPONSE", "the capture ends")),
        (CUT_BY_SNAPLEN, sent_bytes(9200), LATE_S, ("succeeded", "RESPONSE", "status 200")),
        (CUT_BY_SNAPLEN, sent_bytes(4200), LATE_S, ("failed", "RESPONSE", "stalled")),
    ],
)
def test_requests(
    asked: dict[str, Any], changes: dict[str, Any], last_s: float, expected: object
) -> None:
    assert words(request_ending(request(**asked), connection(**changes), last_s)) == expected


def test_an_answer_whose_records_cannot_be_read_is_told_by_its_size() -> None:
    cut = handshake(
        client_hello=client_hello(0.1, complete=False), first_application_data_s={Side.CLIENT: 0.2}
    )
    sides: dict[str, Any] = {"client": sent(1000, 0.1, 0.2), "server": sent(90_000, 0.15, 0.4)}
    assert tls_ending(cut, connection(**sides), LATE_S).outcome is Outcome.SUCCEEDED
    whole = handshake(first_application_data_s={Side.CLIENT: 0.2})
    assert tls_ending(whole, connection(**sides), LATE_S).outcome is Outcome.UNKNOWN


def test_a_reset_ends_a_body_whose_length_nobody_announced() -> None:
    """What ends with the connection may have been longer."""
    open_ended = request(announced_bytes=None)
    assert words(request_ending(open_ended, connection(**RST), LATE_S)) == (
        "failed",
        "RESPONSE",
        "reset",
    )


@pytest.mark.parametrize(
    ("reset_s", "acked", "outcome"),
    [(0.15, 0, "failed"), (0.3, 2000, "failed"), (0.15, 9000, "succeeded"), (0.5, 0, "succeeded")],
    ids=["before it", "in its middle", "not taken", "after it"],
)
def test_an_answer_that_comes_after_a_forged_reset_comes_to_nothing(
    reset_s: float, acked: int, outcome: str
) -> None:
    """The server knows nothing of the RST and answers; the client's stack only resets."""
    server = sent(9000, 0.2, 0.4) | {"acked_bytes": acked, "sent_bytes": 9000}
    torn = connection(
        client=sent(200, 0.13), server=server, resets=(reset(reset_s), reset(0.51, Side.CLIENT))
    )
    asked = request(request_s=0.13, response_s=0.2, body_end_s=0.4, announced_bytes=9000)
    assert request_ending(asked, torn, LATE_S).outcome.value == outcome


@pytest.mark.parametrize(
    ("changes", "announced", "expected"),
    [
        (SERVER_FIN, None, ("unknown", "RESPONSE", "the capture lacks bytes of the answer")),
        (CLIENT_FIN, None, ("succeeded", "RESPONSE", "status 200")),
        (SERVER_FIN, 2000, ("succeeded", "RESPONSE", "status 200")),
    ],
)
def test_an_answer_of_unknown_length_that_the_server_ended(
    changes: dict[str, Any], announced: int | None, expected: object
) -> None:
    unread = request(head_cut=True, announced_bytes=announced)
    assert words(request_ending(unread, connection(**changes), LATE_S)) == expected

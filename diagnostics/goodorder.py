"""Whether a download that shows no fault was also seen to end well.

go closes its connections when it exits, and asks for nothing more once it has everything. A
capture that stops before, or that cannot read what came last, proves no healthy download.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Attempt, Connection, Facts, HttpExchange, Outcome, Side, Stage
from analyzers.gosigns import MODULE_PATH
from diagnostics.pages import PAGE_WANTED, REDIRECTS, is_page
from diagnostics.scope import Scope, may_be_gos
from diagnostics.tries import seconds

STANDSTILL_S = 5.0
"""go ends when its last file is unpacked and checked, which takes a moment; this long without a
byte from anywhere, and then the end, is somebody giving up. Or a slow disk that takes so long to
unpack: both close the connections alike, and only the command's exit status tells them apart."""
EXIT_S = 0.01
"""A process that exits closes all its connections at once; the capture may miss one of them."""
IDLE_S = (89.5, 92.0)
"""go keeps a connection that it no longer needs for 90 s (IdleConnTimeout, net/http) …"""
OPEN_END = "The capture stops before the download has ended: record until the command has returned."


def bad_order(facts: Facts, scope: Scope) -> str | None:
    """Why what was seen is no proof of a healthy download; None when it is one."""
    mine = [facts.attempts[i] for i in sorted(scope.attempts)]
    connections = [c for c in map(facts.connection, sorted(scope.streams)) if _is_up(c)]
    return (
        _others_only(facts, scope, connections)
        or _unasked(facts, mine)
        or _open_end(mine, connections)
        or (None if _only_idle(mine, scope) else _standstill(connections))
        or _unread_end(
            [a for a in facts.attempts if a.index in scope.attempts or may_be_gos(facts, a)]
        )
        or _page_at_the_end(facts, mine)
    )


def _is_up(connection: Connection) -> bool:
    """It came about: what only tried is judged elsewhere."""
    return connection.established or connection.server.payload_bytes > 0


def _others_only(facts: Facts, scope: Scope, connections: list[Connection]) -> str | None:
    """It starts midway, and every connection in it shows by its ClientHello not to be go's."""
    if scope.recognised or not any(c.starts_midway for c in connections):
        return None
    hellos = {h.stream: h.client_hello for h in facts.handshakes}
    seen = [hellos.get(c.stream) for c in connections]
    if not all(hello is not None and hello.complete and not hello.is_go for hello in seen):
        return None
    return (
        "The capture begins in the middle of a connection, and nothing that it shows is go's: "
        "record from before the start of the download."
    )


def _unasked(facts: Facts, mine: list[Attempt]) -> str | None:
    """All that worked are answers to questions from before the capture, which may be anything."""
    worked = [a for a in mine if a.outcome is Outcome.SUCCEEDED]
    asked = any(facts.requests[i].request_frames for a in worked for i in a.requests)
    if not worked or asked or not all(a.requests for a in worked):
        return None
    return (
        "The capture begins after the questions that it shows the answers to: record from before "
        "the start of the download."
    )


def _open_end(mine: list[Attempt], connections: list[Connection]) -> str | None:
    """Something still went on when the capture stopped."""
    if any(a.outcome is Outcome.UNKNOWN and a.reason == "the capture ends" for a in mine):
        return OPEN_END
    left_s = max((t for c in connections for t in _closings_s(c)), default=float("-inf"))
    if any(not _over(c) and _last_word_s(c) > left_s + EXIT_S for c in connections):
        return OPEN_END
    return None


def _over(connection: Connection) -> bool:
    ended = connection.client.fin_s is not None or connection.server.fin_s is not None
    return ended or bool(connection.resets)


def _last_word_s(connection: Connection) -> float:
    """When either side last sent data."""
    return max(connection.client.last_data_s or 0.0, connection.server.last_data_s or 0.0)


def _closings_s(connection: Connection) -> Iterator[float]:
    """When the client closed the connection: its FIN and its RSTs."""
    if connection.client.fin_s is not None:
        yield connection.client.fin_s
    yield from (r.time_s for r in connection.resets if r.sender is Side.CLIENT)


def _only_idle(mine: list[Attempt], scope: Scope) -> bool:
    """Every answer is there to be read: clients other than go keep connections for the next."""
    answered = all(a.requests and a.outcome is Outcome.SUCCEEDED for a in mine)
    return answered and not scope.recognised


def _standstill(connections: list[Connection]) -> str | None:
    """Nothing moved for long, then the client left."""
    moved_s = [at_s for c in connections if (at_s := _moved_s(c)) is not None]
    left_s = [t for c in connections for t in _closings_s(c)]
    if not moved_s or not left_s:
        return None
    still_s = max(left_s) - max(moved_s)
    if still_s < STANDSTILL_S or _idled_out(connections, max(moved_s)):
        return None
    return (
        f"Nothing came for {seconds(still_s)} before the client ended it, and the packets do not "
        "show what it waited for: record with `badhop capture -- go mod download`."
    )


def _moved_s(connection: Connection) -> float | None:
    """When the server last sent anything before the client left: what comes after that is its
    farewell (close_notify), if it came in a silence that the client's leaving ended."""
    last_s = connection.server.last_data_s
    left_s = min(_closings_s(connection), default=None)
    if last_s is None or left_s is None or last_s <= left_s:
        return last_s
    silent = (s for s in connection.silences if s.start_s < left_s <= s.end_s + EXIT_S)
    return min((s.start_s for s in silent), default=last_s)


def _idled_out(connections: list[Connection], moved_s: float) -> bool:
    """… and closes it with a farewell (close_notify), which a process that is ended does not send:
    go lived on, and waited for nothing."""
    open_ones = [c for c in connections if any(t > moved_s for t in _closings_s(c))]
    return bool(open_ones) and all(
        (c.client.last_data_s or 0.0) - (_moved_s(c) or 0.0) >= IDLE_S[0]
        and min(_closings_s(c)) - (_moved_s(c) or 0.0) <= IDLE_S[1]
        for c in open_ones
    )


def _unread_end(mine: list[Attempt]) -> str | None:
    """What was tried last cannot be read, and nothing that works follows at the same place."""
    worked = [a for a in mine if a.outcome is Outcome.SUCCEEDED]
    unread = [
        a
        for a in mine
        if a.outcome is Outcome.UNKNOWN
        and a.stage >= Stage.TLS
        and not any(_went_on(a, other) for other in worked)
    ]
    if not unread or max(a.start_s for a in unread) < max((a.start_s for a in worked), default=0.0):
        return None
    last = max(unread, key=lambda a: a.start_s)
    return (
        f"What became of {last.need} cannot be read ({last.reason}): record whole packets, from "
        "before the start until the end."
    )


def _went_on(unread: Attempt, worked: Attempt) -> bool:
    """The same host served the client at the same time or later: of several connections that go
    opens at once it uses one."""
    same = (unread.name or unread.address) == (worked.name or worked.address)
    return same and worked.end_s >= unread.end_s


def _page_at_the_end(facts: Facts, mine: list[Attempt]) -> str | None:
    """The last answer in clear is a web page, or may be one for all that the capture kept."""
    answered = [facts.requests[i] for a in mine for i in a.requests]
    answered += [r for r in facts.requests if not r.request_frames]  # whose they are, who knows
    answered = [r for r in answered if r.status is not None and not r.is_connect]
    if not answered:
        return None
    last = max(answered, key=lambda r: r.request_s)
    settled = _is_zip(last) or not _may_be_module_file(last)
    if settled and _went_on_inside_tls(facts, mine, last.request_s):
        return None
    if is_page(last) and not PAGE_WANTED.search(last.target):
        return "What came last is a web page, no module file: record from before the start."
    if last.status in REDIRECTS and last.header("location"):
        return "What came last is a redirect, no module file: record until the command has ended."
    if last.head_cut and not _is_zip(last):
        return (
            "The answers are cut short in the capture, and may be anything: record whole packets "
            "(no snaplen)."
        )
    return None


def _went_on_inside_tls(facts: Facts, mine: list[Attempt], since_s: float) -> bool:
    """More was asked, and answered, where it cannot be read."""
    unread = [a for a in mine if a.handshake is not None and not a.requests]
    hidden = [facts.connection(a.stream) for a in unread if a.stream is not None]
    return any(turn.asked_s > since_s for c in hidden for turn in c.turns)


def _may_be_module_file(request: HttpExchange) -> bool:
    """By its path; also one whose path was not captured."""
    return not request.target or bool(MODULE_PATH.search(request.target))


def _is_zip(request: HttpExchange) -> bool:
    """go asks for the module itself once the small files before it were in order."""
    return bool(MODULE_PATH.search(request.target)) and request.target.endswith(".zip")

"""One run: repeat the steps of a download whole, then walk along the path with the one that fails.

What is known to pass is tried first, for some boxes stay angry with an address for a while.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from captures.pathprobe.clienthello import client_hello
from captures.pathprobe.flows import End, Flows
from captures.pathprobe.packets import ICMP, ICMPV6, ROOT, TCP, UDP, Flow, echo, query, syn
from captures.pathprobe.plan import Limits, Probed, Target
from captures.pathprobe.seen import Seen
from captures.pathprobe.walk import Enough, Kind, Pace, Walked, walk
from captures.pathprobe.wire import Wire

_HTTP = 80
#: What a ClientHello that works gets; TAKEN is the server's own silence, beyond every hop.
_ARRIVED = (End.ANSWERED, End.TAKEN)
_FATES = (End.ANSWERED, End.RESET, End.CLOSED, End.TAKEN)
#: Whole questions for each name: one may get lost.
_QUESTIONS = 2


def probe(target: Target, limits: Limits, path: Path | None) -> Probed:
    """Probe the path to a target and record it. Raises CaptureError and OSError."""
    with Wire(target.address, path) as wire:
        pace = Pace(wire, limits)
        flows = Flows(target, limits, wire, pace)
        stopped = None
        try:
            run = _Run(target, limits, wire, pace, flows)
            if target.query is not None:
                run.resolver(target.query)
            else:
                run.server()
        except Enough as error:
            stopped = str(error)
        finally:
            flows.close()
        wire.listen(0.2)
        return Probed(flows.flow.source, flows.flow.source_port, wire.sent, pace.seconds, stopped)


class _Run:
    def __init__(
        self, target: Target, limits: Limits, wire: Wire, pace: Pace, flows: Flows
    ) -> None:
        self._target, self._limits, self._wire = target, limits, wire
        self._pace, self._flows = pace, flows
        self._number = secrets.randbelow(1 << 31)

    def server(self) -> None:
        """Connect, then the ClientHello, each walked where it fails."""
        connection = self._flows.connect()
        if connection is not None:
            self._flows.drop(connection)
        way = self._walk(self._syn())
        if way.reached is None:
            # Something else on the same way shows which hops answer at all.
            self._walk(self._echo())
        if connection is not None and self._target.sni and self._target.port != _HTTP:
            self._hellos(way)

    def resolver(self, name: str) -> None:
        """Ask whole questions, then walk with each."""
        names = dict.fromkeys((self._target.control or ROOT, name))
        for one in names:
            for _ in range(_QUESTIONS):
                self._pace.wait()
                self._ask(one, None)
            self._wire.listen(self._limits.patience_s / 2)
        for one in names:
            self._walk(self._query(one))

    def _hellos(self, way: Walked) -> None:
        """The smallest difference that decides between passing and failing is what is walked."""
        name, control = self._target.sni or "", self._target.control
        tries = [(control, False), (control, True), (name, False), (name, True)]
        ends = {
            (one, large): self._flows.hello(client_hello(one, large), None, fresh=True)
            for one, large in dict.fromkeys(t for t in tries if t[0])
            if one is not None
        }
        if all(ends[name, large] in _ARRIVED for large in (False, True)):
            return
        bad = [one for one, end in ends.items() if end not in _ARRIVED]
        good = [one for one, end in ends.items() if end is End.ANSWERED]
        begin = self._walk_hello(*bad[0], way)
        if begin is None:
            return
        for ttl in range(max(1, begin - 1), begin + 1):
            self._flows.hello(client_hello(*bad[0]), ttl, fresh=True)
        if good:
            alike = [one for one in good if one[1] == bad[0][1]] or good
            for ttl in range(begin, min(begin + 1, way.reached or begin + 1) + 1):
                self._flows.hello(client_hello(*alike[0]), ttl, fresh=True)

    def _walk_hello(self, name: str, large: bool, way: Walked) -> int | None:
        """Send the hello ever further; the TTL from which on it meets its fate, if any."""
        silent_from = None
        furthest = way.reached or min(way.last + self._limits.quiet_hops, self._limits.max_ttl)
        for ttl in range(1, furthest + 1):
            # What swallowed one may go on to swallow whatever has the same ends.
            end = self._flows.hello(client_hello(name, large), ttl, fresh=silent_from is not None)
            if end in _FATES:
                return ttl
            if end is End.NO_CONNECTION:
                break
            if end is End.EXPIRED:
                silent_from = None
            elif silent_from is None:
                silent_from = ttl
        return silent_from

    def _walk(self, kind: Kind) -> Walked:
        return walk(self._wire, self._pace, self._limits, kind)

    def _next(self) -> int:
        self._number = (self._number + 1) & 0x7FFFFFFF
        return self._number

    def _syn(self) -> Kind:
        """The kernel ends at once what a SYN of ours opens: it knows nothing of it."""
        flow = self._flows.flow

        def send(ttl: int) -> int:
            number = self._next() << 16 & 0xFFFFFFFF
            self._wire.send(syn(flow, ttl, number), flow)
            return number

        def answered(seen: Seen) -> int | None:
            if seen.about is not None:
                return seen.about.number if seen.about.protocol == TCP else None
            return (seen.acknowledged - 1) & 0xFFFFFFFF if seen.protocol == TCP else None

        return Kind(send, answered)

    def _echo(self) -> Kind:
        flow = Flow(self._flows.flow.source, self._target.address)
        identifier = self._flows.flow.source_port

        def send(ttl: int) -> int:
            number = self._next() & 0xFFFF
            self._wire.send(echo(flow, ttl, identifier, number), flow)
            return number

        def answered(seen: Seen) -> int | None:
            one = seen.about or seen
            return one.number if one.protocol in (ICMP, ICMPV6) else None

        return Kind(send, answered)

    def _query(self, name: str) -> Kind:
        def answered(seen: Seen) -> int | None:
            one = seen.about or seen
            return one.number if one.protocol == UDP else None

        return Kind(lambda ttl: self._ask(name, ttl), answered)

    def _ask(self, name: str, ttl: int | None) -> int:
        number = self._next() % 0xFFFF + 1
        self._flows.ask(query(number, name), number, ttl)
        return number

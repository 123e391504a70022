"""What `badhop locate` found: the facts of its own packets in, steps, hops and faults out."""

from __future__ import annotations

from analyzers.facts import Attempt, Facts, Outcome, PathProbe, ProbeStep, Stage
from captures.lazyclass import dataclass
from diagnostics.hops import lasting_loss
from diagnostics.pathfaults import PathFault, path_faults
from diagnostics.report.numbers import ms


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was repeated whole."""

    kind: ProbeStep
    name: str
    wanted: bool
    """It is what the download needs; other names are there to compare."""
    passed: bool
    outcome: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waypoint:
    """One distance on the way, with who reported expired probes there."""

    distance: int
    addresses: tuple[str, ...]
    reached: bool
    rtts_s: tuple[float, ...]
    loss: float | None


@dataclass(frozen=True, slots=True)
class Location:
    """All of it."""

    steps: tuple[Step, ...]
    waypoints: tuple[Waypoint, ...]
    faults: tuple[PathFault, ...]
    """Those of steps that fail when they are repeated whole."""

    @property
    def exit_status(self) -> int:
        """0 nothing fails, 1 what fails has a place, 3 something fails and nobody knows where."""
        if self.faults:
            return 1 if any(f.distance is not None for f in self.faults) else 3
        return 0 if all(step.passed for step in self.steps if step.wanted) else 3


def location(facts: Facts, wanted: str | None) -> Location:
    """Judge a recording of probes; `wanted` is the name that should work, other names are there
    to compare."""
    steps = tuple(_step(facts, attempt, wanted) for attempt in facts.attempts)
    bad = {step.kind for step in steps if step.wanted and not step.passed}
    faults = tuple(f for f in path_faults(facts) if _matters(f, bad, wanted))
    return Location(steps, _waypoints(facts), faults)


def _matters(fault: PathFault, bad: set[ProbeStep], wanted: str | None) -> bool:
    """A walk with another name is about the step too: what fails with every name is not named."""
    if fault.step is ProbeStep.QUERY:
        return fault.name == wanted
    return fault.step in bad


def _step(facts: Facts, attempt: Attempt, wanted: str | None) -> Step:
    if attempt.stream is None:
        return _question(facts, attempt, wanted)
    connection = facts.connection(attempt.stream)
    if attempt.handshake is None or attempt.stage is Stage.CONNECT:
        outcome = attempt.reason
        if connection.established:
            outcome = f"answered in {ms(connection.handshake_rtt_s)} ms"
        what = f"connection to {attempt.address} port {attempt.port}"
        frames = connection.client.syn_frames
        return Step(ProbeStep.SYN, what, True, connection.established, outcome, frames)
    hello = facts.handshakes[attempt.handshake].client_hello
    passed = attempt.outcome is not Outcome.FAILED
    return Step(
        ProbeStep.HELLO,
        f"ClientHello for {attempt.name}, {hello.size if hello is not None else 0} bytes",
        attempt.name == wanted,
        passed,
        "answered" if passed else attempt.reason,
        hello.frames if hello is not None else (),
    )


def _question(facts: Facts, attempt: Attempt, wanted: str | None) -> Step:
    exchanges = facts.lookups[attempt.lookup].exchanges if attempt.lookup is not None else ()
    said = dict.fromkeys("; ".join(r.addresses) or r.rcode for e in exchanges for r in e.responses)
    return Step(
        ProbeStep.QUERY,
        f"query for {attempt.name or 'the servers of the root'}",
        attempt.name == wanted,
        len(said) == 1,
        " or ".join(said) if said else "no answer",
        tuple(frame for e in exchanges for frame in e.frames),
    )


def _waypoints(facts: Facts) -> tuple[Waypoint, ...]:
    found = []
    for distance in sorted({h.distance for h in facts.hops} | {p.ttl for p in _told(facts)}):
        hops = [h for h in facts.hops if h.distance == distance and h.address]
        told = [p.expired_at for p in _told(facts) if p.ttl == distance]
        addresses = [h.address for h in hops] + told
        losses = [loss for h in hops if (loss := lasting_loss(facts, h)) is not None]
        if not addresses:
            continue
        found.append(
            Waypoint(
                distance,
                tuple(dict.fromkeys(a for a in addresses if a)),
                any(h.reached for h in hops),
                tuple(t for h in hops for t in h.rtts_s),
                min(losses, default=None),
            )
        )
    return tuple(found)


def _told(facts: Facts) -> list[PathProbe]:
    return [p for p in facts.probes if p.expired_at]

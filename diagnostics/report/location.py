"""What `badhop locate` found in, a screen of text or `badhop/locate/1` out."""

from __future__ import annotations

import json

import numpy as np

from captures.pathprobe.plan import Probed, Target
from diagnostics.location import Location, Waypoint
from diagnostics.pathfaults import How, PathFault
from diagnostics.report.escape import printable
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import ms, spread
from diagnostics.report.style import Style
from diagnostics.report.table import Table, render

SCHEMA = "badhop/locate/1"


def text(found: Location, target: Target, probed: Probed, style: Style) -> str:
    """Say what failed and where, then show the steps and the hops."""
    lines = [*_verdict(found, target, style), ""]
    steps = [(s.name, s.outcome, frame_numbers(s.frames)) for s in found.steps]
    lines += render(Table("Repeated whole", ("step", "outcome", "frames"), steps), style, 0)
    lines.append("")
    hops = [_hop(w) for w in found.waypoints]
    columns = (">hop", "address", ">min ms", ">median ms", ">loss")
    lines += render(Table("Hops that answered", columns, hops), style, 0)
    lines += ["", f"{probed.packets} packets in {probed.seconds:.1f} s."]
    if probed.stopped:
        lines.append(f"Stopped early by {probed.stopped}.")
    return "\n".join(lines)


def document(found: Location, target: Target, probed: Probed) -> str:
    """The same for programs."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "target": {
                "host": target.host,
                "address": target.address,
                "port": target.port,
                "sni": target.sni,
                "control": target.control,
                "query": target.query,
            },
            "faults": [_fault(f) for f in found.faults],
            "steps": [
                {
                    "step": s.kind.value,
                    "name": s.name,
                    "wanted": s.wanted,
                    "passed": s.passed,
                    "outcome": s.outcome,
                    "frames": list(s.frames),
                }
                for s in found.steps
            ],
            "hops": [
                {
                    "distance": w.distance,
                    "addresses": list(w.addresses),
                    "reached": w.reached,
                    "rtt_ms": [round(1000 * t, 3) for t in w.rtts_s],
                    "loss": w.loss,
                }
                for w in found.waypoints
            ],
            "packets": probed.packets,
            "seconds": round(probed.seconds, 3),
            "stopped": probed.stopped,
        },
        indent=2,
        allow_nan=False,
    )


def where(fault: PathFault) -> str:
    """The place of a fault in words."""
    if fault.high is None:
        return f"at hop {fault.low} or beyond it"
    if fault.low == fault.high:
        return f"at hop {fault.low}"
    return f"between hop {fault.low} and hop {fault.high}"


def _verdict(found: Location, target: Target, style: Style) -> list[str]:
    if not found.faults:
        failed = [s for s in found.steps if s.wanted and not s.passed]
        if not failed:
            words = "Nothing fails: every step that was repeated got its answer."
        else:
            words = f"{failed[0].name}: {failed[0].outcome}; the probes do not show where."
        return style.labelled("Result", printable(words))
    lines = []
    for fault in found.faults:
        lines += style.labelled("Result", printable(f"{_what(fault)} {where(fault)}."))
        lines += style.labelled("", printable(f"{fault.text[0].upper()}{fault.text[1:]}."))
    return lines


def _what(fault: PathFault) -> str:
    what = {
        "syn": f"The SYN to {fault.destination} port {fault.port}",
        "hello": f"The {'large ' if fault.large else ''}ClientHello for {fault.name}",
        "query": f"The query for {fault.name}",
    }.get(fault.step.value, "The probe")
    fate = {
        How.RESET: "is answered by a reset whose sender is",
        How.CLOSED: "is answered by a FIN whose sender is",
        How.FORGED: "is answered by somebody else than the resolver",
        How.SILENCE: "vanishes",
    }[fault.how]
    return f"{what} {fate}"


def _hop(waypoint: Waypoint) -> tuple[object, ...]:
    seen = spread(np.asarray(waypoint.rtts_s, dtype=np.float64))
    addresses = ", ".join(waypoint.addresses)
    return (
        waypoint.distance,
        f"{addresses} (the destination)" if waypoint.reached else addresses,
        ms(seen.min_s) if seen else None,
        ms(seen.median_s) if seen else None,
        None if waypoint.loss is None else f"{100 * waypoint.loss:.0f} %",
    )


def _fault(fault: PathFault) -> dict[str, object]:
    return {
        "step": fault.step.value,
        "name": fault.name,
        "large": fault.large,
        "how": fault.how.value,
        "distance": None if fault.distance is None else list(fault.distance),
        "low": fault.low,
        "high": fault.high,
        "text": fault.text,
        "frames": list(fault.frames),
    }

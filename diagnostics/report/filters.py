"""Evidence in, the Wireshark display filter that shows it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnostics.verdict import Evidence

MAX_TERMS = 24
"""Single frames and ranges in one filter: more do not fit a line that anybody pastes."""

MAX_RUNS = 6
"""Single frames and ranges that people are shown."""


def evidence_filter(evidence: Evidence) -> str:
    """The display filter for one piece of evidence; "" when it names no packets."""
    parts = []
    if evidence.stream is not None:
        parts.append(f"tcp.stream eq {evidence.stream}")
    if evidence.frames:
        parts.append(f"frame.number in {{{_terms(evidence.frames)}}}")
    return " && ".join(parts)


def joined(pieces: Iterable[Evidence]) -> list[Evidence]:
    """Make one piece of those that say the same about different packets."""
    found: dict[str, Evidence] = {}
    for piece in pieces:
        other = found.setdefault(piece.text, piece)
        if other is not piece:
            stream = piece.stream if piece.stream == other.stream else None
            found[piece.text] = Evidence(piece.text, (*other.frames, *piece.frames), stream)
    return list(found.values())


def common_filter(pieces: Sequence[Evidence]) -> str:
    """One display filter that shows all pieces of evidence together."""
    pieces = [piece for piece in pieces if piece.frames or piece.stream is not None]
    streams = {piece.stream for piece in pieces}
    if all(piece.frames for piece in pieces):
        frames = tuple(frame for piece in pieces for frame in piece.frames)
        stream = streams.pop() if len(streams) == 1 else None
        return evidence_filter(Evidence("", frames, stream))
    filters = dict.fromkeys(evidence_filter(piece) for piece in pieces)
    return " || ".join(f"({text})" if len(filters) > 1 else text for text in filters)


def frame_list(frames: Sequence[int]) -> str:
    """Frames in a sentence: "frames 12, 15-19 and 7 more"."""
    return f"frame{'s' * (len(set(frames)) != 1)} {frame_numbers(frames)}"


def frame_numbers(frames: Iterable[int]) -> str:
    """Frames in a cell: "12, 15-19 and 7 more"; "-" for none."""
    runs = _runs(frames)
    shown = [f"{low}" if low == high else f"{low}-{high}" for low, high in runs[:MAX_RUNS]]
    rest = sum(high - low + 1 for low, high in runs[MAX_RUNS:])
    return (", ".join(shown) or "-") + (f" and {rest} more" if rest else "")


def _terms(frames: Iterable[int]) -> str:
    return ",".join(
        str(low) if low == high else f"{low},{high}" if high == low + 1 else f"{low}..{high}"
        for low, high in _runs(frames)[:MAX_TERMS]
    )


def _runs(frames: Iterable[int]) -> list[tuple[int, int]]:
    """Join consecutive frames: 12, 13, 14, 20 are (12, 14), (20, 20)."""
    runs: list[tuple[int, int]] = []
    for frame in sorted(set(frames)):
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs

"""Seconds of a fact in, the time of day in UTC out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analyzers.facts import CaptureFacts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moments:
    """The clock of one capture; it may lie, as the clock of the capturing host may."""

    def __init__(self, capture: CaptureFacts) -> None:
        zero_ns = capture.first_ns if capture.zero_ns is None else capture.zero_ns
        self._zero_ns = zero_ns if capture.packets else None

    def at(self, time_s: float | None) -> datetime | None:
        """The moment so many seconds after frame 1; None where no calendar reaches."""
        if time_s is None or self._zero_ns is None:
            return None
        return moment(self._zero_ns + round(time_s * 1e9))


def moment(time_ns: int) -> datetime | None:
    """Nanoseconds since the epoch as a moment, cut to microseconds; None beyond year 9999."""
    try:
        return EPOCH + timedelta(microseconds=time_ns // 1000)
    except OverflowError:
        return None

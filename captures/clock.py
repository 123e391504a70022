"""What the system knows about its own clock: nothing in, a `Clock` out (Linux)."""

from __future__ import annotations

import ctypes
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from captures.session import Clock

#: linux/timex.h: the clock is not kept in step with any reference.
_STA_UNSYNC = 0x0040


class _Timex(ctypes.Structure):
    """The start of the kernel's `struct timex`; the padding covers the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def kernel_clock() -> Clock:
    """Ask the kernel whether anything keeps the clock right; it knows no offset."""
    if sys.platform != "linux":
        return Clock()
    state = _Timex(modes=0)  # 0: only read
    try:
        result = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return Clock()
    if result < 0:
        return Clock()
    synchronized = not state.status & _STA_UNSYNC
    return Clock(None, f"kernel: {'' if synchronized else 'not '}synchronized")


def clock_from_date(date: str, host: str, local: datetime) -> Clock | None:
    """Compare the local time with an HTTP Date header; None when that is no date.

    A Date has whole seconds, so an offset below one second means nothing.
    """
    try:
        remote = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    if remote.tzinfo is None:
        remote = remote.replace(tzinfo=UTC)
    return Clock(round((local - remote).total_seconds(), 3), f"http-date {host}")

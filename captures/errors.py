"""What can go wrong while packets are obtained, by who must act."""

from __future__ import annotations


class CaptureError(Exception):
    """Base of this package's errors: `str(error)` is one line for people."""

    #: What to do about it, one sentence, or "" when nothing useful can be said.
    hint: str = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class UnreadableCapture(CaptureError):
    """The input is missing, empty, or no capture this program can read."""

    hint = "Give a pcap or pcapng file, plain or compressed with gzip or zstd."


class CapturePermission(CaptureError):
    """This user may not capture packets here."""


class NoCaptureTool(CaptureError):
    """No program that can record packets was found."""


class UnknownInterface(CaptureError):
    """The interface asked for does not exist."""


class CommandNotFound(CaptureError):
    """The command to record is not installed, or not on PATH."""

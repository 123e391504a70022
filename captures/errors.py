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


class TooLarge(CaptureError):
    """The capture holds more than this machine has memory for."""

    hint = (
        "Cut the minutes that matter out with `editcap -A START -B STOP IN OUT`, or keep one "
        "host's packets with `tshark -r IN -Y 'dns or ip.addr == ADDRESS' -w OUT`."
    )


class CapturePermission(CaptureError):
    """This user may not capture packets here."""


class NoCaptureTool(CaptureError):
    """No program that can record packets was found."""


class UnknownInterface(CaptureError):
    """The interface asked for does not exist."""


class CommandNotFound(CaptureError):
    """The command to record is not installed, or not on PATH."""


class CommandNotExecutable(CaptureError):
    """The command to record exists and cannot be run."""


class BadFilter(CaptureError):
    """The capture filter is no valid BPF expression."""

    hint = "See `man pcap-filter` for the syntax, for instance -f 'port 53 or port 443'."


class BadDirectory(CaptureError):
    """The bundle cannot be written to the directory asked for."""


class DiskFull(CaptureError):
    """The disk that takes the recording is full."""

    hint = "Free space on it, or name a directory on another disk with -o."


class RecordingFailed(CaptureError):
    """The capture tool stopped or misbehaved for a reason that has no class of its own."""

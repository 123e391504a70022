"""What the user names on the command line in, the facts of that capture out."""

from __future__ import annotations

from pathlib import Path

from analyzers.extraction import extract
from analyzers.facts import Facts
from captures import files, keylog, session
from captures.errors import UnreadableCapture


def facts_of(argument: str, key_log: Path | None = None) -> Facts:
    """Read a capture file, a directory that `badhop capture` wrote, or standard input (`-`).

    Raises CaptureError when there is no capture to read, or no key log where one is named.
    """
    path, recorded = locate(argument)
    secrets = keylog.read(key_log) if key_log is not None else None
    with files.open(path) as capture:
        return extract(capture, recorded, secrets)


def locate(argument: str) -> tuple[Path, session.Session | None]:
    """Return the capture that an argument means, and the session recorded with it.

    The session counts only when its directory is named: whoever names the capture file alone
    asks what the packets say.
    """
    path = Path(argument)
    if argument == "-" or not path.is_dir():
        return path, None
    capture = path / session.CAPTURE_NAME
    if not capture.exists():
        raise UnreadableCapture(
            f"{path} is a directory without a {session.CAPTURE_NAME}",
            "Name the capture file itself, or a directory that `badhop capture -o DIR` wrote.",
        )
    beside = path / session.SESSION_NAME
    return capture, session.load(beside) if beside.exists() else None

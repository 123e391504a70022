"""What the user names on the command line in, the facts of that capture (or of two) out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzers.extraction import extract
from analyzers.facts import Facts
from captures import files, keylog, session
from captures.errors import UnreadableCapture
from captures.watching import Watch, unwatched

if TYPE_CHECKING:
    from analyzers.vantage.comparison import Compared


def facts_of(argument: str, key_log: Path | None = None, watch: Watch = unwatched) -> Facts:
    """Read a capture file, a directory that `badhop capture` wrote, or standard input (`-`).

    Raises CaptureError when there is no capture to read, or no key log where one is named.
    """
    path, recorded = locate(argument)
    secrets = keylog.read(key_log) if key_log is not None else None
    with files.open(path, watch) as capture:
        return extract(capture, recorded, secrets, watch)


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


def comparison_of(one: str, other: str) -> Compared:
    """Read two captures, each named as for `facts_of`, and find what they have in common.

    Raises CaptureError when either cannot be read.
    """
    from analyzers.vantage.comparison import compare

    (first, session), (second, other_session) = locate(one), locate(other)
    with files.open(first) as a, files.open(second) as b:
        return compare((a, b), (extract(a, session), extract(b, other_session)))

"""The directory that holds a recording: made private, checked, and given to who asked for it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from pathlib import Path

from captures.errors import BadDirectory, CaptureError, DiskFull

#: A recording of even a failed download needs some room; below this it is bound to fail.
MIN_FREE_BYTES = 8 * 1024 * 1024

#: With less than one page left, what is missing at the end of the file is missing for that reason.
_FULL_BYTES = 64 * 1024


def default_directory() -> Path:
    """Name a new directory after the local time."""
    return Path(time.strftime("badhop-capture-%Y%m%d-%H%M%S"))


def create(directory: Path) -> bool:
    """Make `directory`, for its owner only; tell whether it is new.

    Raises BadDirectory when it is not empty or cannot be made, DiskFull when there is no room.
    """
    try:
        is_new = not directory.exists()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise BadDirectory(
                f"{directory} is not empty", "Name a new directory with -o, or empty this one."
            )
        directory.chmod(0o700)
        if shutil.disk_usage(directory).free < MIN_FREE_BYTES:
            if is_new:
                directory.rmdir()
            raise DiskFull(f"no room for a recording in {directory}")
    except OSError as error:
        raise cannot_write(directory, error) from error
    return is_new


def discard(directory: Path, is_new: bool) -> None:
    """Take back what was made for a recording that did not come about."""
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            path.unlink()
        if is_new:
            directory.rmdir()


def is_full(directory: Path) -> bool:
    """Tell whether the disk under `directory` has no room left."""
    try:
        return shutil.disk_usage(directory).free < _FULL_BYTES
    except OSError:
        return False


def cannot_write(directory: Path, error: OSError) -> CaptureError:
    """Say what keeps `directory` from being written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"the disk under {directory} is full")
    return BadDirectory(
        f"cannot write to {directory}: {error.strerror}", "Name another directory with -o."
    )


def hand_over(directory: Path) -> None:
    """Give the bundle to the user who called sudo, who will want to read it without root."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if not (user.isdigit() and group.isdigit()) or getattr(os, "geteuid", lambda: 1)() != 0:
        return
    with contextlib.suppress(OSError):
        for path in (*directory.iterdir(), directory):
            os.chown(path, int(user), int(group), follow_symlinks=False)

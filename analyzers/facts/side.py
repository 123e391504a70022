"""The two sides of a connection."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Who sent it: the side that opened the connection, or the other one."""

    CLIENT = "client"
    SERVER = "server"

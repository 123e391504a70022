"""WHAT was seen: facts with frame numbers, no opinions."""

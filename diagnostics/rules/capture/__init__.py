"""Causes of the layer `capture`, one file each."""

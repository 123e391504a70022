"""Causes of the layer `dns`, one file each."""

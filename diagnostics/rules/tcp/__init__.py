"""Causes of the layer `tcp`, one file each."""

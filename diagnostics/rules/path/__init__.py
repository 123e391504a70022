"""Causes of the layer `path`, one file each."""

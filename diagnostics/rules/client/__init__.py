"""Causes of the layer `client`, one file each."""

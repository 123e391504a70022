"""Causes of the layer `proxy`, one file each."""

"""Causes of the layer `config`, one file each."""

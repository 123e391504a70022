"""Causes of the layer `go`, one file each."""

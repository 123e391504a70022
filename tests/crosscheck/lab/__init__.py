"""Downloads recorded at both ends and on the way, with the kernels' own words on each repeat."""

"""Programs and libraries that record packets: a plan in, a running recording out."""

"""Two captures of the same traffic: what is the same in them, and what became of it between."""

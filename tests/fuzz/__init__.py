"""Damaged and hostile captures through the whole pipeline, as many as asked for.

`python -m tests.fuzz --inputs 10000 --seed 1` makes them from samples/, the corpus (BADHOP_CORPUS)
and the directories given, runs each from its file to its reports, and keeps those that break
something. Input i of seed k is always the same bytes as long as the seeds are.
"""

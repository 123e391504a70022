"""What one row of each table is: a dataclass whose fields are the columns, and how facts fill it.

A name in the code is the name of a column, and docs/facts.md is written from the texts here and in
`analyzers.facts`: both are read by other people's programs and never renamed.
"""

"""The tables of `badhop analyze`, one file per section: facts in, tables out."""

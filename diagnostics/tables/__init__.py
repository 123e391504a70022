"""The facts as tables: one flat row per fact, for programs that ask questions of their own."""

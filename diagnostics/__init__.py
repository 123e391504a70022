"""WHY it failed: rules over facts, one verdict, and the words, JSON and pictures for it."""

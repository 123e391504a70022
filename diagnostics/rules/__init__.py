"""One file per cause; see `diagnostics.registry` and docs/adding-a-rule.md."""

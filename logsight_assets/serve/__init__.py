"""Serving: Dagster's web server behind a guard, its daemon and code server, and whoever looks after all three."""

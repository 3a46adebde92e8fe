"""Ports to the outside and their adapters: plain classes, and beside them the Dagster resources that carry them."""

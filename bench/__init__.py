"""Measurements of speed, memory and latency: `make bench`, or `python -m bench --help`. See README.md beside this."""

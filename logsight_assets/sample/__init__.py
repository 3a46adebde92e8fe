"""Logs of a shop that never was: deterministic raw objects in several formats, with the truth about them known.

`Shop(spec)` is the way in; the demo fills a lake of its own from it, and tests compare the pipeline with its truth.
Keep out: anything that reads raw objects back. The truth is counted while events are made, never parsed.
"""

"""The guarded, tenant-scoped reader: one question, its own process, read-only, capped.

`ask.ask` is the way in. `process` runs `child/`, which parses and checks; `references` and `pruning` find in the parse
tree the tables and the time that it is about, `catalogue` and `views` the objects that may be read; `render` shows rows
to people. Nothing here writes to a lake, and `child/` imports nothing of LogSight but itself: its start is the price of
every question.
"""

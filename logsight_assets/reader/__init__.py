"""The guarded, tenant-scoped reader: one question, its own process, read-only, capped.

`ask.ask` is the way in. `statement` checks what was asked, `pruning` finds the time that it is about, `catalogue` and
`views` choose the objects that may be read, `process` runs `child/`, `render` shows rows to people. Nothing here writes
to a lake, and `child/` imports nothing of LogSight but itself: its start is the price of every question.
"""

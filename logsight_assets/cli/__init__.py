"""The command line: reads arguments, calls one function, shows what it returns. Nothing is decided here.

One module a family of verbs; each adds its verbs in `register` and imports a stage inside the verb that needs it, so
that `--help` and `sql` start at once. With `--json` one document goes to stdout and nothing else; progress and messages
go to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from logsight_assets.cli.main import main

__all__ = ["main"]

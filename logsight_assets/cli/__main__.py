"""`python -m logsight_assets.cli` is `logsight`."""

import sys

from logsight_assets.cli.main import main

sys.exit(main())

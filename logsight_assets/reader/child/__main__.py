"""Entry of `python -m logsight_assets.reader.child`; the product starts it isolated, see `process.py`."""

from logsight_assets.reader.child.main import main

if __name__ == "__main__":
    main()

"""Detectors of personal data and secrets, the tokens that replace them, and the policy that chooses.

`intake/redact.py` is the only door; a module here knows one family of things. To add a kind of secret or identity
number, add a row to a table (`vendors.py`, `national.py`), its gate, and a case to the tests.
"""

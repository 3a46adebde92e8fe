"""Alarm rules: what is watched while it happens, and when it becomes an alarm of CloudWatch's shape."""

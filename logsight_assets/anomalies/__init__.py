"""Anomalies: how an hour of each service and template compares with its own past, told where nothing was found too."""

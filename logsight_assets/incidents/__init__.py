"""Incidents: an alarm, the evidence that the lake holds about it, and a first answer without any model."""

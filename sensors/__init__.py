"""What starts runs by itself: sensors on arrivals and changed windows, schedules for the safety net and upkeep.

A sensor decides nothing that a unit test cannot call directly: each body wires one pure function to Dagster.
"""

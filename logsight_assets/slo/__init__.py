"""Objectives: what share was good, what is left of the error budget, how fast it burns, how much was measured."""

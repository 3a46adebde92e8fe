"""A model's summary of an incident, checked by code: what it is shown, what it may say, what is kept of it."""

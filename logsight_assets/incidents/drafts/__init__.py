"""Drafts of runbooks: made from an incident, by a model or without one; runbooks only once a named person says so."""

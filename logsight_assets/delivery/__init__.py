"""Delivery: what incidents and reports have to say, told to chat, tickets, mail, and kept up to date there."""

"""Stage 1: raw objects, by arrival hour, become typed and redacted events, quarantine and receipts."""

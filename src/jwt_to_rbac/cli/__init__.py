"""The command line. Each command calls one use case or one other room; no decisions here."""

"""The program's own rights: exactly what it needs, and no use to a thief."""

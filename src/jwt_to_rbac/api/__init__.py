"""HTTP: authenticate the caller, call one use case, render the answer. No decisions."""

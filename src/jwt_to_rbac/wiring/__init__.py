"""The one place where the parts are put together. Every part gets what it needs as an argument.

`service` is the running program; `looking` and `administration` are for commands that don't
serve. The others here each put one side of the program together for them.
"""

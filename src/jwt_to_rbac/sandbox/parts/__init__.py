"""One file for each upstream program of the sandbox: its command line, files and readiness."""

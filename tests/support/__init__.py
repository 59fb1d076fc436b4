"""What several tests need: the server as a process, HTTP calls, kubectl. No assertions."""

"""The Authentication App in a real browser. No asynchronous tests here: the browser's driver has the thread's loop."""

"""The Authentication App: pages for people's browsers. Each calls one use case and renders; no JavaScript."""

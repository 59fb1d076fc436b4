"""The chart and the manifests: what they say, and what a real API server makes of them."""

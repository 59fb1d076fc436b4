"""The API server: connection, narrow types, watch cache and the `Cluster` port. No policy, no HTTP of our own."""

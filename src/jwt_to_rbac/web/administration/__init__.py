"""The pages for administrators, who are whoever Kubernetes lets `list` AccessGrants: `gate` asks."""

"""What happens unattended. Each controller decides when; what is done is a use case's."""

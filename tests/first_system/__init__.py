"""What used the first system goes on with this program: its command line, configuration, README and clients."""

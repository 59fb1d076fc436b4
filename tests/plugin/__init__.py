"""The real kubectl with our plugin, on a machine of somebody's own; and the commands beside it."""

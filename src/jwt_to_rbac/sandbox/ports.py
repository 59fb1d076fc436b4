"""Picks free loopback ports so that sandboxes started at the same time never pick the same one."""

import secrets
import socket

# Below Linux' range for outgoing connections (32768 and up), which may take a port at any time.
RANGE = range(20000, 32000)


class Ports:
    """Ports that no other keeper takes until `release`.

    A reservation is an abstract Unix socket: binding it is atomic between processes, and the
    kernel drops it with the process. A program that knows nothing of this can still take a
    port in the instant before our part binds it; the keeper then tries again with others.
    """

    def __init__(self) -> None:
        self._reservations: list[socket.socket] = []

    def take(self) -> int:
        """A port that is free now and reserved among sandboxes."""
        while True:
            port = secrets.choice(RANGE)
            reservation = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                reservation.bind(f"\0jwt-to-rbac-port-{port}")
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                    probe.bind(("127.0.0.1", port))
            except OSError:
                reservation.close()
                continue
            self._reservations.append(reservation)
            return port

    def release(self) -> None:
        """Give all reservations back."""
        while self._reservations:
            self._reservations.pop().close()

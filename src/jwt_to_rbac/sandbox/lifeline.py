"""Ties a child process to the life of its parent, so that none survives it. Linux only."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def die_with_parent() -> Callable[[], None]:
    """A `preexec_fn` that has the kernel SIGKILL the child when the starting thread ends.

    Call it in the parent, from a thread that lives as long as the parent does: the kernel
    watches the thread that forked, not the process.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def in_the_child() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            os._exit(70)
        # The parent may have died before the wish was registered; then nobody would end us.
        if os.getppid() != parent:
            os._exit(71)

    return in_the_child

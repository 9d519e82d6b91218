"""Runs all servers of one Swift in the foreground, each in a process of its own: account, container, object, proxy.

usage: swift-server.py FOLDER

FOLDER has swift.conf, the rings and NAME-server.conf; it stands for /etc/swift. Ends all when one ends.
"""
import ctypes
import importlib
import os
import signal
import sys

folder = sys.argv[1]
names = ["account", "container", "object", "proxy"]


def serve(name):
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(0)
    from swift.common import constraints, storage_policy, utils

    utils.set_swift_dir(folder)
    constraints.reload_constraints()
    storage_policy.reload_storage_policies()
    sys.argv = [f"swift-{name}-server", f"{folder}/{name}-server.conf", "-v"]
    package = {"object": "obj"}.get(name, name)
    sys.exit(importlib.import_module(f"swift.{package}.server").main())


parent = os.getpid()
children = set()
for name in names:
    child = os.fork()
    if child == 0:
        serve(name)
    children.add(child)


def end(*_):
    for child in children:
        try:
            os.kill(child, signal.SIGTERM)
        except ProcessLookupError:
            pass


signal.signal(signal.SIGTERM, end)
while children:
    child, status = os.wait()
    children.discard(child)
    end()

"""Glance's application, with what the store named by GLANCE33_STORE needs besides: see `glance-api`."""

import os
import sys

# After what Glance's own environment has.
sys.path += [path for path in os.environ.get('GLANCE33_PATH', '').split(':') if path]

match os.environ.get('GLANCE33_STORE'):
    case 'cinder':
        from glance_store._drivers.cinder import store

        # Runs as root already: commands need neither sudo nor rootwrap.
        store.Store.get_root_helper = lambda self: 'env'
    case 'vmware':
        import vsphere_api

        vsphere_api.accept_ports()

from glance.wsgi.api import application  # noqa: E402, F401

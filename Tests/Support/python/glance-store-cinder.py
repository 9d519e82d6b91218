"""Python's own cinder store: glance_store, os-brick and librbd, against the Cinder of KEYSTONE_URL. Needs root, and finds the key of
client.cinder where clients of Ceph look for it.

usage: glance-store-cinder.py PROJECT TYPE COMMAND...

Each COMMAND is one argument, "add,ID,FILE", "get,URL,FILE", "size,URL" or "delete,URL"; the results are printed, a line each.
"""

import os
import sys
import tempfile
import types

from glance_store import backend
from glance_store._drivers.cinder import store
from oslo_config import cfg

CONTEXT = types.SimpleNamespace(project_id='somebody', user_id='somebody', service_catalog=None)


def open_store(project, volume_type, directory):
    # Running as root already: commands need neither sudo nor rootwrap.
    store.Store.get_root_helper = lambda self: 'env'
    conf = cfg.CONF
    backend.register_opts(conf)
    conf([], default_config_files=[])
    conf.set_override('lock_path', directory, group='oslo_concurrency')
    conf.set_override('lock_path', directory, group='os_brick')
    options = {
        'stores': ['cinder'], 'default_store': 'cinder', 'cinder_store_auth_address': os.environ['KEYSTONE_URL'] + '/v3',
        'cinder_store_user_name': 'glance', 'cinder_store_password': os.environ['KEYSTONE_PASSWORD'],
        'cinder_store_project_name': project, 'cinder_volume_type': volume_type,
        'cinder_mount_point_base': directory + '/mnt',
    }
    for name, value in options.items():
        conf.set_override(name, value, group='glance_store')
    backend.create_stores(conf)
    backend.verify_default_store()


def run(command, *arguments):
    if command == 'add':
        image, path = arguments
        with open(path, 'rb') as data:
            return backend.add_to_backend_with_multihash(
                cfg.CONF, image, data, os.path.getsize(path), 'sha512', context=CONTEXT)[0]
    url = arguments[0]
    if command == 'get':
        data, size = backend.get_from_backend(url, context=CONTEXT)
        with open(arguments[1], 'wb') as out:
            for chunk in data:
                out.write(chunk)
        return size
    if command == 'size':
        return backend.get_size_from_backend(url, context=CONTEXT)
    return backend.delete_from_backend(url, context=CONTEXT)


with tempfile.TemporaryDirectory() as directory:
    open_store(sys.argv[1], sys.argv[2], directory)
    for argument in sys.argv[3:]:
        print(run(*argument.split(',')), flush=True)

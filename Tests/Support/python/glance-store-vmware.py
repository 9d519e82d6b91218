"""Python's own vmware store: glance_store and oslo.vmware, against the vCenter of VSPHERE_...

usage: glance-store-vmware.py DIRECTORY DATASTORE COMMAND...     DIRECTORY of images in the datastore, DATACENTER:NAME

Each COMMAND is one argument, "add ID FILE", "get URL FILE", "size URL" or "delete URL" with commas in place of the blanks;
the results are printed, a line each.
"""

import os
import sys

from glance_store import backend
from oslo_config import cfg
import vsphere_api


def open_store(directory, datastore):
    vsphere_api.accept_ports()
    # Glance 33 cannot write to this store among several: there it looks for a scheme "vmware".
    conf = cfg.CONF
    backend.register_opts(conf)
    conf([], default_config_files=[])
    options = {
        'stores': ['vmware'], 'default_store': 'vsphere',
        'vmware_server_host': os.environ['VSPHERE_HOST'], 'vmware_server_username': os.environ['VSPHERE_USER'],
        'vmware_server_password': os.environ['VSPHERE_PASSWORD'], 'vmware_ca_file': os.environ['VSPHERE_CA'],
        'vmware_store_image_dir': directory, 'vmware_datastores': [datastore], 'vmware_task_poll_interval': 1,
    }
    for name, value in options.items():
        conf.set_override(name, value, group='glance_store')
    backend.create_stores(conf)
    backend.verify_default_store()


def run(command, *arguments):
    if command == 'add':
        image, path = arguments
        with open(path, 'rb') as data:
            added = backend.add_to_backend_with_multihash(
                cfg.CONF, image, data, os.path.getsize(path), 'sha512')
        return added[0]
    url = arguments[0]
    if command == 'get':
        data, size = backend.get_from_backend(url)
        with open(arguments[1], 'wb') as out:
            for chunk in data:
                out.write(chunk)
        return size
    if command == 'size':
        return backend.get_size_from_backend(url)
    return backend.delete_from_backend(url)


open_store(sys.argv[1], sys.argv[2])
for argument in sys.argv[3:]:
    print(run(*argument.split(',')), flush=True)

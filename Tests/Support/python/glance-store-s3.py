"""Python's own s3 store: glance_store and boto3, with the options s3_store_... that the first argument has as JSON.

usage: glance-store-s3.py OPTIONS add ID FILE | get URL FILE | size URL | delete URL
"""

import json
import os
import sys

import glance_store
from oslo_config import cfg

options, verb, *arguments = sys.argv[1:]
conf = cfg.ConfigOpts()
glance_store.register_opts(conf)
conf([], default_config_files=[])
for name, value in {'stores': ['s3'], 'default_store': 's3', **json.loads(options)}.items():
    conf.set_override(name, value, 'glance_store')
glance_store.create_stores(conf)

if verb == 'add':
    image, name = arguments
    with open(name, 'rb') as source:
        url, size, checksum, multihash, metadata = glance_store.store_add_to_backend_with_multihash(
            image, source, os.stat(name).st_size, 'sha256', glance_store.get_store_from_scheme('s3'))
    print(url)
elif verb == 'get':
    url, name = arguments
    chunks, _ = glance_store.get_from_backend(url)
    with open(name, 'wb') as target:
        for chunk in chunks:
            target.write(chunk)
elif verb == 'size':
    print(glance_store.get_size_from_backend(*arguments))
elif verb == 'delete':
    glance_store.delete_from_backend(*arguments)
else:
    sys.exit('no such command')

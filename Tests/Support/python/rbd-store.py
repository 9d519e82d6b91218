"""The rbd driver of glance_store itself, for the tests: rbd-store.py CONF USER POOL VERB ...

add NAME FILE [unknown]   stores a file, as of unknown size if told so; prints the URL
get URL FILE              reads an image into a file
size URL                  prints its size
delete URL                prints "deleted", "in use" or "not found"
"""
import os
import sys

# Debian's modules for Ceph have to be found, and nothing else of Debian's before our own.
sys.path.append("/usr/lib/python3/dist-packages")

import glance_store
from glance_store import multi_backend
from oslo_config import cfg

conf_file, user, pool, verb, *arguments = sys.argv[1:]
# Its functions look at this one, whatever they are given.
conf = cfg.CONF
conf.register_opt(cfg.DictOpt("enabled_backends"))
conf([])
conf.set_override("enabled_backends", {"ceph": "rbd"})
multi_backend.register_store_opts(conf)
conf.set_override("default_backend", "ceph", group="glance_store")
for option, value in {
    "rbd_store_ceph_conf": conf_file,
    "rbd_store_user": user,
    "rbd_store_pool": pool,
    "rados_connect_timeout": 10,
}.items():
    conf.set_override(option, value, group="ceph")
multi_backend.create_multi_stores(conf)

try:
    if verb == "add":
        name, path, *unknown = arguments
        size = 0 if unknown else os.path.getsize(path)
        with open(path, "rb") as file:
            print(multi_backend.add(conf, name, file, size, "ceph")[0])
    elif verb == "get":
        url, path = arguments
        data, _ = multi_backend.get(url, "ceph")
        with open(path, "wb") as file:
            for chunk in data:
                file.write(chunk)
    elif verb == "size":
        print(multi_backend.get_size_from_uri_and_backend(arguments[0], "ceph"))
    elif verb == "delete":
        multi_backend.delete(arguments[0], "ceph")
        print("deleted")
except glance_store.exceptions.InUseByStore:
    print("in use")
except glance_store.exceptions.NotFound:
    print("not found")

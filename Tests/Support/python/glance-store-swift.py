"""What glance_store does with a Swift, one action after the other; prints one line for each.

usage: glance-store-swift.py OPTIONS ACTION...

OPTIONS has `name = value` lines of [glance_store]. Actions: add:ID:FILE (prints the URL), add-unsized:ID:FILE,
get:FILE:URL (prints the size), size:URL, delete:URL.
"""
import sys

from oslo_config import cfg

import glance_store
from glance_store import backend

conf = cfg.ConfigOpts()
glance_store.register_opts(conf)
path = sys.argv[1] + ".conf"
with open(sys.argv[1]) as options, open(path, "w") as full:
    full.write("[glance_store]\nstores = swift\ndefault_store = swift\n" + options.read())
conf(["--config-file", path], project="glance")
backend.CONF = conf
glance_store.create_stores(conf)

for action in sys.argv[2:]:
    name, rest = action.split(":", 1)
    if name in ("add", "add-unsized"):
        image, file = rest.split(":", 1)
        with open(file, "rb") as data:
            size = len(data.read()) if name == "add" else 0
            data.seek(0)
            store = backend.get_store_from_scheme("swift")
            print(backend.store_add_to_backend_with_multihash(image, data, size, "sha512", store)[0])
    elif name == "get":
        file, url = rest.split(":", 1)
        chunks, size = backend.get_from_backend(url)
        with open(file, "wb") as data:
            for chunk in chunks:
                data.write(chunk)
        print(size)
    elif name == "size":
        print(backend.get_size_from_backend(rest))
    elif name == "delete":
        backend.delete_from_backend(rest)
        print("deleted")
    else:
        sys.exit("what is %s?" % name)

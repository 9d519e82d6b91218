"""Makes the volume types, and waits until there are services that can make volumes.

usage: cinder-setup.py KEYSTONE_URL PASSWORD
"""
import sys
import time

from cinderclient import client
from keystoneauth1 import session
from keystoneauth1.identity import v3

url, password = sys.argv[1:]
auth = v3.Password(
    auth_url=url, username='admin', password=password, project_name='admin', user_domain_name='Default',
    project_domain_name='Default')
cinder = client.Client('3.54', session=session.Session(auth=auth))
BACKENDS = {'rbd': 'rbd', 'encrypted': 'rbd', 'nfs': 'nfs', 'qcow2': 'qcow2', 'iscsi': 'foreign'}
for name, backend in BACKENDS.items():
    kind = cinder.volume_types.create(name)
    kind.set_keys({'volume_backend_name': backend})
    if name == 'encrypted':
        cinder.volume_encryption_types.create(kind, {
            'provider': 'luks', 'control_location': 'front-end', 'cipher': 'aes-xts-plain64', 'key_size': 256})
end = time.time() + 90
while len(cinder.pools.list(detailed=False)) < len(set(BACKENDS.values())):
    if time.time() > end:
        sys.exit('not all volume services come up')
    time.sleep(0.2)

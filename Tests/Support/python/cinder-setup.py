"""Makes the volume type rbd, and waits until there is a service that can make volumes.

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
cinder.volume_types.create('rbd').set_keys({'volume_backend_name': 'rbd'})
end = time.time() + 90
while not (any(service.state == 'up' for service in cinder.services.list(binary='cinder-volume'))
           and cinder.pools.list(detailed=False)):
    if time.time() > end:
        sys.exit('the volume service does not come up')
    time.sleep(0.2)

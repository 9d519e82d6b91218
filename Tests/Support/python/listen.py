"""Prints every notification of a broker, a JSON document each, as oslo.messaging's own listener gets it.

usage: listen.py URL [CA]     until the standard input ends
"""

import json
import sys
import tempfile

from oslo_config import cfg
import oslo_messaging


class Endpoint:
    """Is called with whatever priority it has a method for."""

    def __init__(self, priority):
        def tell(context, publisher, event, payload, metadata):
            print(json.dumps({
                'priority': priority, 'context': context, 'publisher': publisher, 'event': event,
                'payload': payload, 'metadata': metadata,
            }), flush=True)

        setattr(self, priority, tell)


def main():
    # One after the other: several threads would mix them up.
    settings = ['[DEFAULT]', 'executor_thread_pool_size = 1']
    if len(sys.argv) > 2:
        settings += ['[oslo_messaging_rabbit]', 'ssl = true', 'ssl_ca_file = ' + sys.argv[2]]
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write('\n'.join(settings) + '\n')
        file.flush()
        configuration = cfg.ConfigOpts()
        configuration([], project='listener', default_config_files=[file.name])
    transport = oslo_messaging.get_notification_transport(configuration, url=sys.argv[1])
    target = oslo_messaging.Target(topic='notifications', exchange='glance')
    listener = oslo_messaging.get_notification_listener(
        transport, [target], [Endpoint('info'), Endpoint('error')], executor='threading')
    listener.start()
    print('listening', flush=True)
    sys.stdin.read()
    listener.stop()
    listener.wait()


main()

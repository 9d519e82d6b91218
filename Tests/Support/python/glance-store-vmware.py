"""Python's own vmware store: glance_store and oslo.vmware, against the vCenter of VSPHERE_...

usage: glance-store-vmware.py DIRECTORY DATASTORE COMMAND...     DIRECTORY of images in the datastore, DATACENTER:NAME

Each COMMAND is one argument, "add ID FILE", "get URL FILE", "size URL" or "delete URL" with commas in place of the blanks;
the results are printed, a line each.
"""

import os
import pathlib
import sys
import tempfile

from glance_store import backend
from glance_store._drivers import vmware_datastore
from oslo_config import cfg, types
import oslo_vmware
from oslo_vmware import api

# The calls that the store makes, with their parameters and results. The description of all of the API is not free to hand on;
# the types are in oslo.vmware.
REF = 'vim25:ManagedObjectReference'
TEXT = 'xsd:string'
CALLS = {
    'RetrieveServiceContent': ([], 'vim25:ServiceContent'),
    'CurrentTime': ([], 'xsd:dateTime'),
    'Login': ([('userName', TEXT), ('password', TEXT), ('locale', TEXT)], 'vim25:UserSession'),
    'Logout': ([], None),
    'TerminateSession': ([('sessionId', TEXT)], None),
    'SessionIsActive': ([('sessionID', TEXT), ('userName', TEXT)], 'xsd:boolean'),
    'FindByInventoryPath': ([('inventoryPath', TEXT)], REF),
    'RetrievePropertiesEx': (
        [('specSet', 'vim25:PropertyFilterSpec'), ('options', 'vim25:RetrieveOptions')], 'vim25:RetrieveResult'),
    'CancelRetrievePropertiesEx': ([('token', TEXT)], None),
    'DeleteDatastoreFile_Task': ([('name', TEXT), ('datacenter', REF)], REF),
}


def element(name, kind):
    return f'<element name="{name}" type="{kind}" minOccurs="0" maxOccurs="unbounded"/>'


def description():
    parts = {'elements': '', 'messages': '', 'operations': '', 'bindings': ''}
    for name, (parameters, result) in CALLS.items():
        request = ''.join(element(*parameter) for parameter in [('_this', REF), *parameters])
        answer = element('returnval', result).replace('maxOccurs="unbounded"', '') if result else ''
        for kind, content in ((name, request), (name + 'Response', answer)):
            parts['elements'] += (
                f'<element name="{kind}"><complexType><sequence>{content}</sequence></complexType></element>')
            parts['messages'] += (
                f'<message name="{kind}Msg"><part name="parameters" element="vim25:{kind}"/></message>')
        parts['operations'] += (
            f'<operation name="{name}"><input message="vim25:{name}Msg"/>'
            f'<output message="vim25:{name}ResponseMsg"/></operation>')
        parts['bindings'] += (
            f'<operation name="{name}"><soap:operation soapAction="urn:vim25/6.0" style="document"/>'
            '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>')
    schemas = pathlib.Path(oslo_vmware.__file__).parent / 'wsdl' / '7.0'
    return f'''<?xml version="1.0"?>
<definitions targetNamespace="urn:vim25" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:vim25="urn:vim25"
   xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<types><schema targetNamespace="urn:vim25" xmlns="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
<include schemaLocation="{(schemas / 'vim-types.xsd').as_uri()}"/>{parts['elements']}</schema></types>
{parts['messages']}<portType name="VimPortType">{parts['operations']}</portType>
<binding name="VimBinding" type="vim25:VimPortType">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{parts['bindings']}</binding>
<service name="VimService"><port binding="vim25:VimBinding" name="VimPort">
<soap:address location="https://localhost/sdk"/></port></service></definitions>'''


def open_store(directory, datastore, wsdl):
    # The option takes no port, and the session one by itself only.
    for option in vmware_datastore._VMWARE_OPTS:
        if option.name == 'vmware_server_host':
            option.type = types.String()
    session = api.VMwareAPISession

    def session_at_port(host, *arguments, **more):
        name, _, port = host.partition(':')
        return session(name, *arguments, port=int(port), wsdl_loc=wsdl, **more)

    api.VMwareAPISession = session_at_port
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


# requests would rather believe these than the option.
for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'):
    os.environ.pop(name, None)
with tempfile.NamedTemporaryFile('w', suffix='.wsdl') as file:
    file.write(description())
    file.flush()
    open_store(sys.argv[1], sys.argv[2], pathlib.Path(file.name).as_uri())
    for argument in sys.argv[3:]:
        print(run(*argument.split(',')), flush=True)

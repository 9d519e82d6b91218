"""What oslo.vmware does not bring: a description of the calls that Glance's vmware store makes, and a way to a vCenter at another
port than 443.
"""

import atexit
import os
import pathlib
import tempfile

from glance_store._drivers import vmware_datastore
from oslo_config import types
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


def accept_ports():
    """Lets vmware_server_host have a port: the option takes none, and the session one by itself only."""
    handle, wsdl = tempfile.mkstemp(suffix='.wsdl')
    atexit.register(os.unlink, wsdl)
    with open(handle, 'w') as file:
        file.write(description())
    for option in vmware_datastore._VMWARE_OPTS:
        if option.name == 'vmware_server_host':
            option.type = types.String()
    session = api.VMwareAPISession

    def session_at_port(host, *arguments, **more):
        name, _, port = host.partition(':')
        more |= {'port': int(port), 'wsdl_loc': pathlib.Path(wsdl).as_uri()}
        return session(name, *arguments, **more)

    api.VMwareAPISession = session_at_port
    # requests would rather believe these than the option for certificates.
    for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'):
        os.environ.pop(name, None)

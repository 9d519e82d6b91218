"""Adds a service to the catalogue of the tests' Keystone, in RegionOne.

usage: add-endpoint.py KEYSTONE_URL PASSWORD TYPE SERVICE_URL
"""
import json
import sys
import urllib.request

url, password, kind, service_url = sys.argv[1:]
headers = {"Content-Type": "application/json"}


def post(path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers, json.loads(answer.read())


domain = {"id": "default"}
headers["X-Auth-Token"] = post("/auth/tokens", {"auth": {
    "identity": {"methods": ["password"], "password": {
        "user": {"name": "admin", "domain": domain, "password": password}}},
    "scope": {"project": {"name": "admin", "domain": domain}}}})[0]["X-Subject-Token"]
service = post("/services", {"service": {"name": kind, "type": kind}})[1]["service"]["id"]
for interface in ("public", "internal", "admin"):
    post("/endpoints", {"endpoint": {
        "url": service_url, "interface": interface, "service_id": service, "region_id": "RegionOne"}})

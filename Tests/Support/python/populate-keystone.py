"""Projects, users, roles and the catalogue of the tests' Keystone.

usage: populate-keystone.py KEYSTONE_URL PASSWORD [GLANCE_URL]
"""
import json
import sys
import urllib.request

url, password, glance = sys.argv[1:]
headers = {"Content-Type": "application/json"}


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
        return answer.headers, json.loads(text) if text else None


def ids(kind):
    return {item["name"]: item["id"] for item in call("GET", "/" + kind)[1][kind]}


def create(kind, name, **attributes):
    return call("POST", f"/{kind}s", {kind: dict(name=name, **attributes)})[1][kind]["id"]


domain = {"id": "default"}
headers["X-Auth-Token"] = call("POST", "/auth/tokens", {"auth": {
    "identity": {"methods": ["password"], "password": {
        "user": {"name": "admin", "domain": domain, "password": password}}},
    "scope": {"project": {"name": "admin", "domain": domain}}}})[0]["X-Subject-Token"]

projects = {name: create("project", name, domain_id="default") for name in ("service", "demo", "demo2")}
roles = ids("roles")
for user, project, granted in (
        ("glance", "service", ("admin", "service")),
        ("reseller", "service", ("ResellerAdmin",)),
        ("demo", "demo", ("member",)),
        ("demo2", "demo2", ("member",)),
        ("demo_reader", "demo", ("reader",))):
    user_id = create("user", user, domain_id="default", password=password)
    for role in granted:
        if role not in roles:
            roles[role] = create("role", role)
        call("PUT", f"/projects/{projects[project]}/users/{user_id}/roles/{roles[role]}")
    if user == "glance":
        call("PUT", f"/system/users/{user_id}/roles/{roles['reader']}")

if glance:
    service = create("service", "glance", type="image")
    for interface in ("public", "internal", "admin"):
        call("POST", "/endpoints", {"endpoint": {
            "url": glance, "interface": interface, "service_id": service, "region_id": "RegionOne"}})

"""Writes what the vendor's Python client sends, for tests/wire: one entry for each call of users, orgs and groups.

A password is sent encrypted, with random padding: it is recorded as a placeholder. Usage: record_authing.py > ../wire/golden-authing.json
"""

import json
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

warnings.filterwarnings("ignore")

from authing.v2.management import ManagementClient, ManagementClientOptions  # noqa: E402
from graphql import build_ast_schema, graphql, parse  # noqa: E402

requests = []
text = (Path(__file__).parents[2] / "src/authing/schema.graphql").read_text()
schema = build_ast_schema(parse(text + "schema { query: Query mutation: Mutation }"))


class Handler(BaseHTTPRequestHandler):
    """Notes each request, except for a management token and the schema, and responds without data."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target, body = urlsplit(self.path), json.loads(body) if body else None
        entry = {"method": self.command, "path": target.path, "query": [list(pair) for pair in parse_qsl(target.query, True)]}
        response = {"code": 200, "message": "", "data": {}}
        if target.path == "/graphql/v2":
            root = parse(body["query"]).definitions[0].selection_set.selections[0].name.value
            token = {"accessToken": "management", "iat": 0, "exp": 1 << 40}
            response = {"data": {root: token if root == "accessToken" else None}}
            if root == "__schema":
                response = {"data": graphql(schema, body["query"]).data}
            entry = {"operation": root, "variables": body.get("variables")}
            variables = body.get("variables") or {}
            info = variables.get("userInfo") or variables.get("input") or {}
            if "password" in info:
                info["password"] = "<encrypted>"
        else:
            entry["body"] = body
        if entry.get("operation") not in ("accessToken", "__schema"):
            requests.append(entry)
        text = json.dumps(response).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET


def calls(client):
    users, orgs, groups = client.users, client.org, client.groups
    yield "users.create", lambda: users.create({"username": "mia", "password": "pw", "email": "mia@x.y"})
    yield "users.create_with", lambda: users.create({"username": "m", "password": "hash"}, keep_password=True, custom_data={"age": 7})
    yield "users.update", lambda: users.update("u1", {"nickname": "M"})
    yield "users.detail", lambda: users.detail("u1")
    yield "users.detail_with", lambda: users.detail("u1", with_custom_data=True)
    yield "users.list", lambda: users.list()
    yield "users.list_with", lambda: users.list(page=2, limit=7)
    yield "users.list_archived_users", lambda: users.list_archived_users()
    yield "users.exists", lambda: users.exists(username="mia")
    yield "users.find", lambda: users.find(email="mia@x.y")
    yield "users.search", lambda: users.search("an")
    yield "users.batch_get", lambda: users.batch_get(["u1", "u2"])
    yield "users.batch_get_with", lambda: users.batch_get(["mia"], query_field="username")
    yield "users.delete", lambda: users.delete("u1")
    yield "users.delete_many", lambda: users.delete_many(["u1", "u2"])
    yield "users.kick", lambda: users.kick(["u1"])
    yield "users.list_groups", lambda: users.list_groups("u1")
    yield "users.add_group", lambda: users.add_group("u1", "g")
    yield "users.remove_group", lambda: users.remove_group("u1", "g")
    yield "users.list_roles", lambda: users.list_roles("u1")
    yield "users.add_roles", lambda: users.add_roles("u1", ["r"])
    yield "users.remove_roles", lambda: users.remove_roles("u1", ["r"])
    yield "users.has_role", lambda: users.has_role("u1", "r")
    yield "users.list_authorized_resources", lambda: users.list_authorized_resources("u1", "default")
    yield "users.check_resource_permission_batch", lambda: users.check_resource_permission_batch("u1", "ns", ["a:1"])
    yield "users.list_authorized_resources_of_resource_kind", lambda: users.list_authorized_resources_of_resource_kind("u1", "ns", "books")
    yield "users.list_user_actions", lambda: users.list_user_actions()
    yield "users.refresh_token", lambda: users.refresh_token("u1")
    yield "users.list_policies", lambda: users.list_policies("u1")
    yield "users.add_policies", lambda: users.add_policies("u1", ["p"])
    yield "users.remove_policies", lambda: users.remove_policies("u1", ["p"])
    yield "users.list_udv", lambda: users.list_udv("u1")
    yield "users.set_udv", lambda: users.set_udv("u1", "school", "清华")
    yield "users.remove_udv", lambda: users.remove_udv("u1", "school")
    yield "users.set_udf_value", lambda: users.set_udf_value("u1", {"age": 22})
    yield "users.list_org", lambda: users.list_org("u1")
    yield "users.list_department", lambda: users.list_department("u1")
    yield "users.logout", lambda: users.logout("u1")
    yield "users.check_login_status", lambda: users.check_login_status("u1")
    yield "users.send_first_login_verify_email", lambda: users.send_first_login_verify_email("app", "u1")
    yield "orgs.create", lambda: orgs.create("Beta")
    yield "orgs.delete_by_id", lambda: orgs.delete_by_id("o1")
    yield "orgs.list", lambda: orgs.list()
    yield "orgs.get_node_by_id", lambda: orgs.get_node_by_id("n1")
    yield "orgs.add_node", lambda: orgs.add_node("o1", "A", "n1")
    yield "orgs.update_node", lambda: orgs.update_node("n1", name="B")
    yield "orgs.find_by_id", lambda: orgs.find_by_id("o1")
    yield "orgs.delete_node", lambda: orgs.delete_node("o1", "n1")
    yield "orgs.move_node", lambda: orgs.move_node("o1", "n1", "n2")
    yield "orgs.is_root_node", lambda: orgs.is_root_node("o1", "n1")
    yield "orgs.list_children", lambda: orgs.list_children("n1")
    yield "orgs.search_nodes", lambda: orgs.search_nodes("bee")
    yield "orgs.root_node", lambda: orgs.root_node("o1")
    yield "orgs.add_members", lambda: orgs.add_members("n1", ["u1"])
    yield "orgs.move_members", lambda: orgs.move_members(["u1"], "n2", "n1")
    # Without them the client leaves the page to the service, and asks for the first ten everywhere else.
    yield "orgs.list_members", lambda: orgs.list_members("n1", page=1, limit=10)
    yield "orgs.delete_members", lambda: orgs.delete_members("n1", ["u1"])
    yield "orgs.set_main_department", lambda: orgs.set_main_department("u1", "n1")
    yield "orgs.export_all", lambda: orgs.export_all()
    yield "orgs.export_by_org_id", lambda: orgs.export_by_org_id("o1")
    yield "orgs.list_authorized_resources", lambda: orgs.list_authorized_resources("n1", "default")
    yield "orgs.list_authorized_resources_by_code", lambda: orgs.list_authorized_resources_by_code("o1", "c", "default")
    yield "orgs.start_sync", lambda: orgs.start_sync("dingtalk")
    yield "groups.create", lambda: groups.create("qa", "QA", "those who test")
    yield "groups.update", lambda: groups.update("qa", name="Quality")
    yield "groups.detail", lambda: groups.detail("qa")
    yield "groups.list", lambda: groups.list()
    yield "groups.delete", lambda: groups.delete("qa")
    yield "groups.delete_many", lambda: groups.delete_many(["qa"])
    yield "groups.list_users", lambda: groups.list_users("qa")
    yield "groups.add_users", lambda: groups.add_users("qa", ["u1"])
    yield "groups.remove_users", lambda: groups.remove_users("qa", ["u1"])
    yield "groups.list_authorized_resources", lambda: groups.list_authorized_resources("qa", "default")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = ManagementClientOptions("pool", "secret", host=f"http://127.0.0.1:{server.server_port}")
    golden = []
    for label, call in calls(ManagementClient(options)):
        requests.clear()
        try:
            call()
        except Exception as error:
            # The response has no data; only what was sent counts.
            print(f"{label}: {error!r}", file=sys.stderr)
        assert requests, label
        golden.append({"label": f"authing.{label}", "requests": list(requests)})
    entries = ",\n".join(json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in golden)
    print(f"[\n{entries}\n]")

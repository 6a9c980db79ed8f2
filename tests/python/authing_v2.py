"""Every documented call of the vendor's Python client (users, orgs, groups) against `iam emulate`, with the state checked.

What the roles, policies, custom fields, access control and allow list modules write is written with them, as the documented
calls read it. Usage: authing_v2.py IAM_BINARY
"""

import datetime
import sys
import warnings

warnings.filterwarnings("ignore")

from authing.v2.exceptions import AuthingException, AuthingWrongArgumentException  # noqa: E402
from authing.v2.management import ManagementClient, ManagementClientOptions  # noqa: E402

from support import Recorder, emulator  # noqa: E402


def refused(code, call):
    try:
        call()
    except AuthingException as error:
        assert error.code == code, f"{error.code} instead of {code}: {error}"
        return
    raise AssertionError(f"it was not refused with {code}")


def names(users):
    return [user["username"] for user in users]


def tour_users(client):
    users, api = client.users, client.client
    page = users.list()
    assert page["totalCount"] == 12 and len(page["list"]) == 10 and page["list"][0]["identities"] == []
    assert len(users.list(page=2, limit=7)["list"]) == 5

    user = users.create({"username": "mia", "email": "mia@acme.example", "password": "päss-密码"})
    uid = user["id"]
    assert user["status"] == "Activated" and user["password"] and "password" not in user["arn"]
    refused(2034, lambda: users.create({"username": "mia"}))
    refused(2026, lambda: users.create({"email": "MIA@acme.example"}))
    refused(2035, lambda: users.create({"phone": "13800000000"}))
    refused(2003, lambda: users.create({"email": "nowhere"}))
    api.udf.set("USER", "born", "DATETIME", "Birthday")
    api.udf.set("USER", "likes", "OBJECT", "Likes")
    api.udf.set("USER", "boss", "BOOLEAN", "Boss")
    assert {field["key"] for field in api.udf.list("USER")} == {"school", "age", "born", "likes", "boss"}
    other = users.create({"username": "noa"}, custom_data={"school": "ETH", "age": 7})
    assert other["customData"] == {"school": "ETH", "age": 7}, other["customData"]
    kept = users.create({"username": "old", "password": "$2b$hash"}, keep_password=True)

    assert users.update(uid, {"nickname": "M", "password": "another one"})["nickname"] == "M"
    assert users.detail(uid)["nickname"] == "M" and "customData" not in users.detail(uid)
    assert users.detail(other["id"], with_custom_data=True)["customData"]["school"] == "ETH"
    assert users.detail("nobody") is None
    assert users.find(email="mia@acme.example")["id"] == uid and users.find(username="nobody") is None
    assert users.find(username="noa", with_custom_data=True)["customData"]["age"] == 7
    assert users.exists(username="mia") and not users.exists(external_id="nothing")
    assert names(users.search("AN")["list"]) == ["hana", "dana", "ann"]
    assert names(users.search("", group_opts=[{"code": "developers"}], role_opts=[{"code": "auditor"}])["list"]) == ["bo"]
    assert users.search("noa", with_custom_data=True)["list"][0]["customData"]["age"] == 7
    assert users.list(with_custom_data=True, limit=2)["list"][1]["customData"] == {"school": "ETH", "age": 7}
    assert names(users.batch_get([other["id"], uid])) == ["noa", "mia"] == names(users.batch([other["id"], uid]))
    assert names(users.batch_get(["mia", "nobody"], query_field="username", with_custom_data=True)) == ["mia"]
    refused(2030, lambda: users.batch_get([str(n) for n in range(81)]))
    refused(2015, lambda: users.batch_get(["x"], query_field="shoes"))

    born = datetime.datetime(2021, 9, 7, 7, 33, 20, 250001)
    assert users.set_udv(uid, "school", "清华")[0]["value"] == "清华"
    refused(400, lambda: users.set_udv(uid, "school", 11))
    refused(400, lambda: users.set_udv(uid, "unknown", 11))
    users.set_udf_value(uid, {"age": 22, "born": born, "likes": {"a": [1]}, "boss": False})
    everything = {"school": "清华", "age": 22, "born": born, "likes": {"a": [1]}, "boss": False}
    assert users.get_udf_value(uid) == everything
    assert {udv["key"]: udv["value"] for udv in users.list_udv(uid)} == everything
    users.set_udf_value_batch({uid: {"age": 23}, other["id"]: {"age": 8}})
    assert users.get_udf_value(other["id"])["age"] == 8
    # The client sends `targetId` where the operation takes `targetIds`.
    try:
        users.get_udf_value_batch([uid])
        raise AssertionError("the required variable was missing, and the service took it")
    except AssertionError:
        raise
    except Exception:
        pass
    users.remove_udv(uid, "age")
    users.remove_udf_value(uid, "boss")
    assert set(users.get_udf_value(uid)) == {"school", "born", "likes"}
    api.udf.remove("USER", "likes")
    assert set(users.get_udf_value(uid)) == {"school", "born"}

    api.groups.create("testers", "Testers")
    assert users.add_group(uid, "testers")["code"] == 200
    assert [group["code"] for group in users.list_groups(uid)["list"]] == ["testers"]
    users.remove_group(uid, "testers")
    assert users.list_groups(uid)["totalCount"] == 0
    api.roles.create("child", parentCode="admin")
    users.add_roles(uid, ["child", "auditor"])
    assert [role["code"] for role in users.list_roles(uid)["list"]] == ["auditor", "child"]
    assert users.has_role(uid, "child") and not users.has_role(uid, "admin")
    users.remove_roles(uid, ["auditor"])
    assert users.list_roles(uid)["totalCount"] == 1
    refused(404, lambda: users.add_roles(uid, ["nothing"]))

    statements = [{"resource": "books:*", "actions": ["books:read"], "effect": "ALLOW"}]
    api.policies.create("readers", statements)
    users.add_policies(uid, ["readers"])
    assert users.list_policies(uid)["list"] == [{"code": "readers", "targetType": "USER", "targetIdentifier": uid}]
    assert api.acl.is_allowed(uid, "books:read", "books:7", "default")
    users.remove_policies(uid, ["readers"])
    assert users.list_policies(uid)["totalCount"] == 0 and not api.acl.is_allowed(uid, "books:read", "books:7", "default")

    grant = {"targetType": "USER", "targetIdentifier": uid, "actions": ["books:edit"]}
    api.acl.authorize_resource("default", "books:*", [grant])
    resources = users.list_authorized_resources(uid, "default", "DATA")
    assert resources == {"totalCount": 1, "list": [{"code": "books:*", "type": "DATA", "actions": ["books:edit"]}]}
    assert users.list_authorized_resources(uid, "default", "MENU")["totalCount"] == 0
    try:
        users.list_authorized_resources(uid, "default", "SHOES")
        raise AssertionError("a wrong resource type was taken")
    except AuthingWrongArgumentException:
        pass
    checked = users.check_resource_permission_batch(uid, "default", ["books:1", "cars:1"])
    assert checked == [{"code": "books:1", "actions": ["books:edit"]}], checked
    kinds = users.list_authorized_resources_of_resource_kind(uid, "default", "books")
    assert kinds[0]["code"] == "books:*" and users.list_authorized_resources_of_resource_kind(uid, "default", "book") == []

    token = users.refresh_token(uid)
    assert token["exp"] > token["iat"]
    status = api.check_login_status(token["token"])
    assert status["status"] and status["data"]["id"] == uid
    assert users.check_login_status(uid)["data"]["isLogin"]
    assert users.check_login_status("nobody")["message"] == "用户不存在"
    assert users.logout(uid)["code"] == 200
    assert not api.check_login_status(token["token"])["status"]
    users.refresh_token(uid)
    assert users.kick([uid]) and not users.check_login_status(uid)["data"]["isLogin"]
    assert users.list_user_actions(operation_name="login", operato_arn=user["arn"])["totalCount"] == 2
    assert users.list_user_actions(page=1, limit=1)["list"][0]["operation_name"] == "login"
    assert users.send_first_login_verify_email("shop", uid)["message"] == "发送成功"

    north = api.org.search_nodes("north")[0]
    api.org.add_members(north["id"], [uid])
    api.org.set_main_department(uid, north["id"])
    assert [node["name"] for node in users.list_org(uid)[0]] == ["Acme", "Sales", "North"]
    department = users.list_department(uid)["departments"]["list"][0]
    assert department["isMainDepartment"] and department["department"]["namePath"] == ["Acme", "Sales", "North"]

    assert users.delete(uid)["code"] == 200
    refused(2004, lambda: users.delete(uid))
    assert users.delete_many([other["id"], kept["id"]])["code"] == 200
    assert users.list()["totalCount"] == 12
    archived = users.list_archived_users()
    assert sorted(names(archived["list"])) == ["mia", "noa", "old"] and archived["list"][0]["isDeleted"]
    assert users.create({"username": "mia"})["id"] != uid


def tour_orgs(client):
    org, api = client.org, client.client
    created = org.create("Beta", code="beta", description="second")
    oid, root = created["id"], created["rootNode"]["id"]
    assert created["rootNode"]["root"] and org.create_org("Gamma")["nodes"][0]["name"] == "Gamma"
    a = org.add_node(oid, "A", root, code="a", name_i18n="lost", description_i18n="lost")["nodes"]
    a = next(node for node in a if node["code"] == "a")
    assert a["nameI18n"] is None, "the client sends name_i18n, which the operation does not have"
    b = org.create_node("B", oid, root, code="b")
    org.add_node(oid, "C", a["id"], code="c", order=3)
    assert org.list()["totalCount"] == 3
    tree = org.find_by_id(oid, treeify=True)["nodes"]
    assert [node["name"] for node in tree] == ["Beta"] and [node["name"] for node in tree[0]["children"]] == ["A", "B"]
    assert len(org.list(treeify=True, limit=1)["list"][0]["nodes"]) == 1
    assert org.find_by_id(oid)["nodes"][0]["children"] == [a["id"], b["id"]]
    assert org.get_node_by_id(a["id"])["path"] == [root, a["id"]] and org.get_node_by_id("nothing") is None
    assert org.update_node(b["id"], name="Bee")["name"] == "Bee"
    moved = org.move_node(oid, a["id"], b["id"], treeify=True)["nodes"][0]
    assert moved["children"][0]["children"][0]["name"] == "A"
    refused(400, lambda: org.move_node(oid, b["id"], a["id"]))
    assert org.is_root_node(oid, root) and not org.is_root_node(oid, a["id"])
    assert [node["name"] for node in org.list_children(b["id"])] == ["A"]
    assert org.root_node(oid)["namePath"] == ["Beta"] and org.search_nodes("bee")[0]["codePath"] == ["beta", "b"]

    ann, bo = (api.users.find(username=name)["id"] for name in ("ann", "bo"))
    assert org.add_members(a["id"], [ann, bo])["users"]["totalCount"] == 2
    assert org.move_members([ann], b["id"], a["id"])["code"] == 200
    assert names(org.list_members(b["id"])["users"]["list"]) == ["ann"]
    assert org.list_members(b["id"], page=1, limit=1, include_children_nodes=True)["users"]["totalCount"] == 2
    assert org.set_main_department(ann, b["id"])["code"] == 200
    assert org.delete_members(a["id"], [bo])["users"]["list"] == []

    org.add_roles(b["id"], ["admin"])
    assert org.list_roles(a["id"])["list"][0]["code"] == "admin", "inherited from the node above"
    org.remove_roles(b["id"], ["admin"])
    assert org.list_roles(a["id"])["totalCount"] == 0
    grant = {"targetType": "ORG", "targetIdentifier": b["id"], "actions": ["books:read"]}
    api.acl.authorize_resource("default", "books:*", [grant])
    assert org.list_authorized_resources(a["id"], "default")["totalCount"] == 1
    assert org.list_authorized_resources_by_code(oid, "b", "default", "DATA")["totalCount"] == 1

    exported = org.export_by_org_id(oid)
    assert exported["code"] == 200 and exported["data"][0]["children"][0]["members"][0]["username"] == "ann"
    assert org.import_by_json('{"name": "Text", "children": [{"name": "Sub"}]}')["code"] == 200
    assert len(org.export_all()["data"]) == 4
    assert org.start_sync("dingtalk")["code"] == 200 and org.start_sync("wechatwork")["code"] == 200
    # The client refuses the connector id that the service needs.
    assert org.start_sync("ad")["code"] == 400
    assert org.delete_node(oid, b["id"])["code"] == 200 and len(org.find_by_id(oid)["nodes"]) == 1
    assert org.delete_by_id(oid)["code"] == 200 and org.find_by_id(oid) is None


def tour_groups(client):
    groups, api = client.groups, client.client
    group = groups.create("qa", "QA", "those who test")
    refused(2048, lambda: groups.create("qa", "again"))
    assert groups.detail("qa") == group and groups.list()["list"][0]["code"] == "qa"
    assert groups.update("qa", new_code="quality", name="Quality")["name"] == "Quality"
    assert groups.detail("qa") is None
    ids = [api.users.find(username=name)["id"] for name in ("ann", "bo")]
    groups.add_users("quality", ids)
    assert groups.list_users("quality", with_custom_data=True)["totalCount"] == 2
    groups.remove_users("quality", ids[:1])
    assert names(groups.list_users("quality", page=1, limit=5)["list"]) == ["bo"]
    grant = {"targetType": "GROUP", "targetIdentifier": "quality", "actions": ["books:read"]}
    api.acl.authorize_resource("default", "books:1", [grant])
    assert groups.list_authorized_resources("quality", "default")["list"][0]["code"] == "books:1"
    groups.delete("quality")
    groups.delete_many(["managers"])
    assert [group["code"] for group in groups.list()["list"]] == ["testers", "developers"]


def tour(account, url):
    api = ManagementClient(ManagementClientOptions(account["user_pool_id"], account["secret"], host=url))
    client = Recorder(api)
    tour_users(client)
    tour_orgs(client)
    tour_groups(client)
    assert api._get_userpool_detail()["id"] == account["user_pool_id"]
    assert api.send_email("ann@acme.example", "CHANGE_EMAIL")["code"] == 200
    assert api.is_password_valid("long enough")["code"] == 200
    api.whiteList.add("USERNAME", ["x"])
    assert [entry["value"] for entry in api.whiteList.list("USERNAME")] == ["x"]
    assert api.userPool.update({"name": "New"})["name"] == "New"

    # Passwords closed with the pool's own key are opened; with another key of its size they are not.
    own = ManagementClientOptions(account["user_pool_id"], account["secret"], host=url, enc_public_key=account["public_key"])
    own = ManagementClient(own)
    assert own.users.create({"username": "own", "password": "long enough"})["id"]
    refused(2029, lambda: own.users.create({"username": "short", "password": "12345"}))

    wrong = ManagementClient(ManagementClientOptions(account["user_pool_id"], "wrong", host=url))
    refused(2333, wrong.users.list)
    unknown = ManagementClient(ManagementClientOptions("unknown", account["secret"], host=url))
    refused(2224, unknown.users.list)
    left_out = client.left_out("users", "org", "groups")
    assert not left_out, f"never called: {sorted(left_out)}"
    return len(client.called)


if __name__ == "__main__":
    with emulator(sys.argv[1]) as line:
        print(f"authing: {tour(line['authing'], line['base_url'])} calls")
    print("1 passed, 0 failed")

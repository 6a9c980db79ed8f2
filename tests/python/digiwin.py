"""Every call of the vendor's Python client against `iam emulate`, sync and async, with the state checked in between.

Usage: digiwin.py IAM_BINARY
"""

import asyncio
import inspect
import sys

from dapware_iam import AsyncIAMClient, IAMClient
from dapware_iam.exceptions import AuthenticationError, AuthorizationError, IAMError, NotFoundError, ValidationError

from support import Recorder, emulator


async def result(value):
    """What a call gives, whether the client is sync or async."""
    return await value if inspect.isawaitable(value) else value


async def refused(error, call):
    try:
        await result(call())
    except error:
        return
    raise AssertionError(f"it was not refused with {error.__name__}")


async def tour(client, account):
    user_id, password, tenant_id = account["user_id"], account["password"], account["tenant_id"]
    identity, users, tenants, orgs = client.identity, client.users, client.tenants, client.orgs

    # identity
    key = await result(identity.get_public_key())
    assert len(key) == 216, key
    await refused(ValidationError, lambda: identity.get_aes_key("AAAA"))
    await refused(AuthenticationError, lambda: identity.login(user_id, "wrong"))
    await refused(AuthenticationError, lambda: identity.analyze_token())
    user = await result(identity.login(user_id, password))
    assert user.user_id == user_id and user.token and user.token_expires_in == 7200, user
    info = await result(identity.analyze_token())
    assert info.user_id == user_id and info.tenant_id is None, info
    assert (await result(identity.analyze_token_internal())).user_sid == info.user_sid
    assert (await result(identity.get_login_info())).email == info.email
    by_phone = await result(identity.login_verification_code(account["telephone"], account["verification_code"]))
    assert by_phone.user_id == user_id
    await refused(AuthenticationError, lambda: identity.login_verification_code(info.telephone, "0"))
    by_directory = await result(identity.login_ad(info.email, password))
    assert by_directory.user_id == user_id
    inside = await result(identity.internal_login(tenant_id, user_id, password))
    assert inside.tenant_id == tenant_id and inside.is_admin
    user = await result(identity.login(user_id, password, tenant_id=tenant_id, identity_type="token"))
    assert user.tenant_id == tenant_id

    user = await result(identity.login(user_id, password))
    for call in (tenants.get_current, tenants.get_current_simple, tenants.get_applications, orgs.get_cascade):
        await refused(AuthorizationError, call)
    before = (await result(identity.get_login_info())).token
    new = await result(identity.refresh_user_token())
    assert new != before and (await result(identity.get_login_info())).token == new
    changed = await result(identity.refresh_token_with_tenant(tenant_id=tenant_id))
    assert changed.tenant_id == tenant_id and (await result(identity.analyze_token())).tenant_id == tenant_id
    changed = await result(identity.refresh_token_with_tenant(tenant_sid=changed.tenant_sid))
    assert changed.tenant_id == tenant_id
    await refused(AuthorizationError, lambda: identity.refresh_token_with_tenant(tenant_id="T3"))
    await refused(NotFoundError, lambda: identity.refresh_token_with_tenant(tenant_id="T404"))
    granted = await result(identity.create_access_token(tenant_id, "bob"))
    assert granted.user_id == "bob" and granted.token

    # users
    bob = await result(users.get_user(user_id="bob"))
    assert bob.name and (await result(users.get_user(user_sid=bob.sid))).id == "bob"
    assert await result(users.get_user(user_id="nobody")) is None
    assert [u.id for u in await result(users.get_user_list(["bob", "nobody", "ann"]))] == ["bob", "ann"]
    assert len(await result(users.query_users("all"))) >= 40
    assert [u.id for u in await result(users.query_users("disabled"))] == ["left.long.ago"]
    simple = await result(users.get_user_simple())
    assert {role.id for u in simple if u.id == user_id for role in u.roles} == {"admin"}
    assert await result(users.check_email_exists(bob.email)) is True
    assert await result(users.check_email_exists(bob.email, user_id="bob")) is False
    assert await result(users.check_phone_exists(bob.telephone)) is True
    assert await result(users.check_phone_exists("1")) is False
    assert await result(users.check_user_exists("bob")) is True
    assert await result(users.check_user_exists("nobody")) is False
    await result(users.update_user({"id": "bob", "nickname": "鲍勃"}))
    bob = await result(users.get_user(user_id="bob"))
    assert bob.nickname == "鲍勃"
    bob.nickname = "Bob"
    await result(users.update_user(bob))
    assert (await result(users.get_user(user_id="bob"))).nickname == "Bob"
    await refused(ValidationError, lambda: users.update_user({"id": "bob", "email": info.email}))
    roles = await result(users.get_user_roles(user_id="bob"))
    assert [role.id for role in roles.roles] == ["manager"], roles

    # tenants
    ids = [tenant.id for tenant in await result(tenants.get_tenants())]
    assert ids == ["T1", "T2", "T3", "digiwin"], ids
    some = await result(tenants.get_tenants(app_id="athena-erp", exclude_digiwin_tenant=True))
    assert [tenant.id for tenant in some] == ["T1", "T3"]
    current = await result(tenants.get_current())
    assert current.id == tenant_id and current.open is True
    assert (await result(tenants.get_current_simple())).sid == current.sid
    assert (await result(tenants.get_simple(tenant_id))).invoice_title is None
    assert (await result(tenants.get_simple(tenant_id, with_invoice_info=True))).invoice_title
    assert await result(tenants.get_simple("T404")) is None
    if hasattr(client.client.tenants, "get_tenant_simple"):
        assert (await result(tenants.get_tenant_simple(tenant_id))).id == tenant_id
    assert [tenant.id for tenant in await result(tenants.query_tenants("lakeside"))] == ["T3"]
    assert await result(tenants.check_user_in_tenant("bob")) is True
    assert await result(tenants.check_user_in_tenant("nobody")) is False
    assert len(await result(tenants.get_applications())) == 3
    soon = await result(tenants.get_applications(expire_time_end="2027-01-01 00:00:00"))
    assert [app.id for app in soon] == ["mes-lite"]

    # orgs
    tree = (await result(orgs.get_cascade()))["defaultOrgAspect"]
    by_id = {org.id: org for org in tree}
    lathe, it = by_id["lathe"], by_id["it"]
    assert by_id["hq"].parent_sid == 0 and lathe.parent_sid == by_id["machining"].sid
    assert [org.id for org in await result(orgs.get_org_list([lathe.sid, it.sid]))] == ["lathe", "it"]
    assert len(await result(orgs.get_users_in_org(org_sid=lathe.sid))) == 5
    assert len(await result(orgs.get_users_cascade(org_uri=by_id["machining"].uri))) == 10
    in_org = await result(users.query_users("orgCascade", org_sid=by_id["machining"].sid))
    assert len(in_org) == 10
    sid = await result(orgs.create_or_update({"name": "数据组", "parentSid": it.sid}))
    created = (await result(orgs.get_org_list([sid])))[0]
    assert (created.name, created.parent_sid) == ("数据组", it.sid)
    created.name = "Data"
    assert await result(orgs.create_or_update(created)) == sid
    assert (await result(orgs.get_org_list([sid])))[0].name == "Data"
    await refused(ValidationError, lambda: orgs.delete(it.sid))

    invited = await result(tenants.invite_user(
        tenant_id=tenant_id, user="new@x.example", role=[{"id": "staff"}], org=[{"sid": sid}], user_type=True,
        content="欢迎", language="zh-CN", emp_id="E1"))
    assert invited["user"] == "new@x.example"
    assert [u.user_id for u in await result(orgs.get_users_in_org(org_sid=sid))] == ["new@x.example"]
    await refused(IAMError, lambda: tenants.invite_user(tenant_id=tenant_id, user="new@x.example"))
    await result(tenants.remove_user(user_id="new@x.example"))
    assert await result(orgs.get_users_in_org(org_sid=sid)) == []
    await refused(NotFoundError, lambda: tenants.remove_user(user_id="new@x.example"))
    await result(orgs.delete(sid))
    assert await result(orgs.get_org_list([sid])) == []

    # the end
    await result(identity.logout())
    await refused(AuthenticationError, lambda: identity.analyze_token())
    await result(identity.login(user_id, password))
    await result(identity.logout(clear_all=True))
    left_out = client.left_out("identity", "users", "tenants", "orgs")
    assert not left_out, f"never called: {sorted(left_out)}"
    return len(client.called)


async def run(binary, name):
    """Each client has an emulator of its own, so that both find the same state."""
    with emulator(binary) as line:
        account = line["digiwin"]
        make = IAMClient if name == "sync" else AsyncIAMClient
        client = make(line["base_url"], account["app_token"])
        calls = await tour(Recorder(client), account)
        await result(client.close())
        print(f"digiwin-iam-sdk, {name}: {calls} calls")


if __name__ == "__main__":
    for flavour in ("sync", "async"):
        asyncio.run(run(sys.argv[1], flavour))
    print("2 passed, 0 failed")

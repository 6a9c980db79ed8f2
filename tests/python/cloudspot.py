"""Every call of the vendor's Python client against `iam emulate`, with the state checked in between.

Usage: cloudspot.py IAM_BINARY
"""

import sys

from cloudspotlicense import config
from cloudspotlicense.api import CloudspotLicense_API
from cloudspotlicense.constants.errors import BadCredentials, NoValidToken

from support import Recorder, emulator


def refused(error, call):
    try:
        call()
    except error:
        return
    raise AssertionError(f"it was not refused with {error.__name__}")


def tour(account):
    application, username, password = account["application"], account["username"], account["password"]
    api = CloudspotLicense_API(application, test_mode=True)
    client = Recorder(api)

    refused(NoValidToken, api.get_user)
    refused(BadCredentials, lambda: api.authenticate(username, "wrong"))
    api.authenticate(username, password)
    assert api.token
    company = api.permissions.get_item_object("company_id", account["company_id"])
    assert "use_app" in company.permissions and company.company_name, company.permissions
    assert api.permissions.get_item_object("company_id", "c2") is None

    api.get_user()
    assert (api.user.email, api.user.first_name, api.user.pin) == (username, "Els", "4711"), vars(api.user)
    before = [item.company_id for item in api.permissions.items()]
    api.get_permissions()
    assert [item.company_id for item in api.permissions.items()] == before
    assert api.get_company_permissions(account["company_id"]) == company.permissions
    refused(Exception, lambda: api.get_company_permissions("c2"))

    # The endpoints themselves, each at least once.
    auth = client.auth
    assert auth.authenticate(username, "wrong").error.error_code == "NOT_AUTHORIZED"
    response = auth.authenticate(username, password)
    assert response.token and response.token != api.token
    assert auth.get_user().last_name == "Peeters"
    assert not auth.get_permissions().has_error
    assert auth.get_company_permissions(account["company_id"]).permissions == company.permissions
    impersonation = auth.validate_impersonation(account["impersonation_token"])
    assert impersonation.token == account["impersonation_token"] and impersonation.auth_token
    assert auth.validate_impersonation("nonsense").error.error_code == "NOT_FOUND"

    other = CloudspotLicense_API(application, test_mode=True)
    other.get_user(token=impersonation.auth_token)
    assert other.user.first_name == "Els"
    refused(NoValidToken, lambda: other.get_user(token="revoked"))
    unknown = CloudspotLicense_API("unknown", test_mode=True)
    refused(BadCredentials, lambda: unknown.authenticate(username, password))
    left_out = client.left_out("auth")
    assert not left_out, f"never called: {sorted(left_out)}"
    return len(client.called)


if __name__ == "__main__":
    with emulator(sys.argv[1]) as line:
        config.TEST_URL = line["base_url"] + "/api/v1"
        print(f"cloudspot-license-api: {tour(line['cloudspot'])} calls")
    print("1 passed, 0 failed")

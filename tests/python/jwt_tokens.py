"""A user's JWT that `iam emulate` issues, checked by PyJWT: keys by discovery, signature, issuer, audience and times.

Usage: jwt_tokens.py IAM_BINARY
"""

import json
import sys
import urllib.request

import jwt

from support import emulator


def refused(error, token, key, **options):
    try:
        jwt.decode(token, key, algorithms=["RS256"], **options)
    except error:
        return
    raise AssertionError(f"it was not refused with {error.__name__}")


def tour(account):
    issuer, audience, token = account["issuer"], account["app_id"], account["id_token"]
    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration") as response:
        document = json.load(response)
    assert document["issuer"] == issuer, document
    assert "RS256" in document["id_token_signing_alg_values_supported"], document
    key = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iat", "iss", "aud", "sub", "jti"]}
    claims = jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, audience=audience, options=required)
    assert claims["sub"] and claims["aud"] == audience, claims
    refused(jwt.InvalidAudienceError, token, key, issuer=issuer, audience="another")
    refused(jwt.InvalidIssuerError, token, key, issuer="https://another", audience=audience)
    head, payload, signature = token.split(".")
    forged = signature[10:20] + signature[:10] + signature[20:]
    refused(jwt.InvalidSignatureError, f"{head}.{payload}.{forged}", key, issuer=issuer, audience=audience)


if __name__ == "__main__":
    with emulator(sys.argv[1]) as line:
        tour(line["authing"])
    print("jwt: PyJWT accepts the emulator's token")

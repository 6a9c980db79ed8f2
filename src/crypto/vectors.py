"""Makes vectors.json with Python's cryptography (OpenSSL): python3 vectors.py > vectors.json"""

import base64
import json

from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def b64(data):
    return base64.b64encode(data).decode()


def private(key):
    return b64(key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def public(key):
    return b64(key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def vector(server_bits, client_bits, aes_key, password):
    server = rsa.generate_private_key(65537, server_bits)
    client = rsa.generate_private_key(65537, client_bits)
    padder = padding.PKCS7(128).padder()
    padded = padder.update(password.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(aes_key.encode()), modes.CBC(b"ghUb#er57HBh(u%g")).encryptor()
    return {
        "server_private": private(server),
        "server_public": public(server),
        "client_private": private(client),
        "client_public": public(client),
        "wrapped_aes_key": b64(client.public_key().encrypt(aes_key.encode(), rsa_padding.PKCS1v15())),
        "aes_key": aes_key,
        "password": password,
        "password_hash": b64(encryptor.update(padded) + encryptor.finalize()),
    }


print(json.dumps([
    vector(1024, 1024, "0123456789abcdef", "p@ss-密码"),
    vector(1024, 1024, "kQ7xN2vB9mZ4cW1t", ""),
    vector(2048, 1024, "0123456789abcdefghijklmn", "sixteen bytes ok"),
    vector(3072, 1024, "0123456789abcdef0123456789abcdef", "x" * 200),
    vector(4096, 1024, "A" * 16, "pw"),
    vector(1536, 2048, "B" * 32, "another client key size"),
], ensure_ascii=False, indent=1))

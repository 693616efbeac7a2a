"""Content credentials signed here, by a throwaway certificate authority."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ACME = "Acme Images Inc."
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True)
class Authority:
    """A certificate authority and a key that it vouches for, in PEM."""

    root: str
    chain: str
    key: str


@lru_cache
def authority(name: str) -> Authority:
    now = dt.datetime.now(dt.UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name(f"{name} root", name)

    def certificate(subject: x509.Name, of: Any, ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
                critical=False,
            )
        )
        if not ca:
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purposes, critical=False)
        return builder.sign(root_key, hashes.SHA256())

    root = _pem(certificate(root_name, root_key, True))
    leaf = _pem(certificate(_name(f"{name} signer", name), key, False))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Authority(root, leaf + root, secret.decode())


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
        ]
    )


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def sign(
    data: bytes,
    mime: str = "image/png",
    *,
    by: str = ACME,
    tool: str = "Acme Images",
    actions: list[dict[str, Any]] | None = None,
    more: dict[str, Any] | None = None,
    assertions: dict[str, Any] | None = None,
    ingredients: list[tuple[dict[str, Any], str, bytes]] | None = None,
    remote: str | None = None,
    embed: bool = True,
    trusting: str | None = None,
) -> bytes:
    """Sign a picture, by default as one that a generator made.

    Args:
        data: The picture.
        mime: Its type.
        by: Whose authority.
        tool: The program.
        actions: The actions.
        more: What stands beside the actions.
        assertions: Other assertions, by their labels.
        ingredients: Description, type and bytes of each.
        remote: Where the credentials are said to be kept.
        embed: Whether the file holds them.
        trusting: Whose signatures in ingredients are trusted.
    """
    if actions is None:
        source = SOURCE_TYPES + "trainedAlgorithmicMedia"
        actions = [{"action": "c2pa.created", "digitalSourceType": source}]
    manifest = {
        "claim_generator_info": [{"name": tool, "version": "2.0"}],
        "title": "test",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions, **(more or {})}},
            *({"label": label, "data": value} for label, value in (assertions or {}).items()),
        ],
    }
    checks = {"remote_manifest_fetch": False, "verify_after_sign": False}
    offline: dict[str, Any] = {"verify": checks}
    if trusting is not None:
        offline["trust"] = {"trust_anchors": authority(trusting).root}
    context = c2pa.Context.from_dict({**offline, "builder": {"thumbnail": {"enabled": False}}})
    builder = c2pa.Builder(json.dumps(manifest), context)
    for about, kind, ingredient in ingredients or []:
        builder.add_ingredient(json.dumps(about), kind, io.BytesIO(ingredient))
    if remote is not None:
        builder.set_remote_url(remote)
    if not embed:
        builder.set_no_embed()
    keys = authority(by)
    pair = keys.chain.encode(), keys.key.encode()
    info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, *pair, None)
    out = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), mime, io.BytesIO(data), out)
    return out.getvalue()

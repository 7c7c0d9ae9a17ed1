"""What each type of connection takes, what it refuses and where, and where it leads."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from orch_app.domains.inventory.identities import LOOKS
from orch_app.domains.inventory.types import TYPES, DockerPayload, GitPayload, type_named
from orch_app.kit.allow_list import parse_entry
from orch_app.kit.errors import Invalid
from tests.domains.inventory.types.samples import COMPLETE
from tests.systems.certificates import certificate

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"
SSH_REPOSITORY = "ssh://deploy@git.example.org:2222/team/ops.git"
RESERVED = {"id", "name", "type", "environment"}
"""What a play's file says of every connection; no payload may say it too."""


def pair(folder: Path) -> tuple[str, str]:
    """A certificate and its key."""
    folder.mkdir()
    certificate(folder, days=9)
    key, mark, chain = (folder / "cert.pem").read_text().partition("-----BEGIN CERTIFICATE-----")
    return mark + chain, key


def locked(key: str) -> str:
    """The same key with a passphrase."""
    opened = load_pem_private_key(key.encode(), None)
    lock = BestAvailableEncryption(b"open sesame")
    return opened.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()


def faults(kind: str, payload: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        TYPES[kind].parse(payload)
    return [(problem.pointer, problem.code) for problem in refused.value.errors]


def test_every_type_has_a_sample_and_can_be_tried() -> None:
    assert {*COMPLETE, "ssh"} == set(TYPES)
    assert {*LOOKS, "ssh"} == set(TYPES)


@pytest.mark.parametrize("kind", COMPLETE)
def test_what_goes_in_comes_out_and_its_secrets_are_not_shown(kind: str) -> None:
    payload = TYPES[kind].restore(TYPES[kind].parse(COMPLETE[kind]).plain())
    assert payload.plain() == COMPLETE[kind]
    for name in payload.secrets_set():
        assert COMPLETE[kind][name] not in f"{payload!r}"
        assert name not in payload.public()


@pytest.mark.parametrize("kind", TYPES)
def test_no_field_is_called_like_what_is_said_of_every_connection(kind: str) -> None:
    assert not RESERVED & set(TYPES[kind].payload.wire_names())


@pytest.mark.parametrize("kind", TYPES)
def test_every_field_has_its_words_in_both_languages(kind: str) -> None:
    known = TYPES[kind]
    assert known.title
    assert known.help_pt != known.help
    for node in known.form():
        assert node["title"]
        assert node["titlePt"]
        assert bool(node["help"]) == bool(node["helpPt"])


@pytest.mark.parametrize(
    ("kind", "secrets"),
    [
        ("cloudflare", ["apiToken"]),
        ("portainer", ["apiKey"]),
        ("docker", ["tlsKey", "privateKey"]),
        ("registry", ["password"]),
        ("n8n", ["apiKey", "encryptionKey"]),
        ("hetzner", ["token"]),
        ("netbox", ["token"]),
        ("github", ["token"]),
        ("git", ["token", "privateKey"]),
        ("webhook", ["secret"]),
        ("s3", ["secretKey"]),
        ("secrets", ["values"]),
    ],
)
def test_the_secret_fields(kind: str, secrets: list[str]) -> None:
    assert TYPES[kind].payload.secret_names() == secrets


@pytest.mark.parametrize(
    ("kind", "payload", "url"),
    [
        ("cloudflare", {"apiToken": "t"}, "https://api.cloudflare.com/client/v4"),
        ("hetzner", {"token": "t"}, "https://api.hetzner.cloud/v1"),
        ("github", {"token": "t"}, "https://api.github.com"),
        ("n8n", {"url": "https://n8n.example.org/", "apiKey": "k"}, "https://n8n.example.org"),
    ],
)
def test_an_address_is_the_vendors_unless_another_is_given(kind: str, payload: dict[str, Any], url: str) -> None:
    assert TYPES[kind].parse(payload).plain()["url"] == url


@pytest.mark.parametrize(
    ("kind", "change", "found"),
    [
        ("cloudflare", {"apiToken": None}, [("/payload/apiToken", "string_type")]),
        ("cloudflare", {"apiToken": ""}, [("/payload/apiToken", "too_short")]),
        ("cloudflare", {"apiToken": "a b"}, [("/payload/apiToken", "token")]),
        ("cloudflare", {"apiToken": "tokén"}, [("/payload/apiToken", "token")]),
        ("cloudflare", {"url": "api.cloudflare.com"}, [("/payload/url", "url")]),
        ("cloudflare", {"url": "ftp://example.org"}, [("/payload/url", "url")]),
        ("cloudflare", {"url": "https://a b"}, [("/payload/url", "url")]),
        ("cloudflare", {"url": "https://exa_mple.org:99999"}, [("/payload/url", "url")]),
        ("cloudflare", {"url": "https://example.org:0"}, [("/payload/url", "url")]),
        ("cloudflare", {"url": "https://[::1"}, [("/payload/url", "url")]),
        ("cloudflare", {"url": "https://u:pw@example.org"}, [("/payload/url", "url_secret")]),
        ("cloudflare", {"url": "https://u@example.org"}, [("/payload/url", "url_parts")]),
        ("cloudflare", {"url": "https://example.org?x=1"}, [("/payload/url", "url_parts")]),
        ("portainer", {"tlsVerify": "perhaps"}, [("/payload/tlsVerify", "bool_parsing")]),
        ("docker", {"url": "tcp://10.0.0.5"}, [("/payload/url", "url_port")]),
        ("docker", {"url": "unix://docker.sock"}, [("/payload/url", "url")]),
        ("docker", {"url": "unix:///run/../docker.sock"}, [("/payload/url", "url")]),
        ("docker", {"url": "ssh://root@10.0.0.5"}, [("/payload/privateKey", "ssh_key")]),
        ("docker", {"url": "ssh://10.0.0.5"}, [("/payload/url", "url_user")]),
        ("docker", {"url": "ssh://-oProxyCommand=x@10.0.0.5"}, [("/payload/url", "url_user")]),
        ("docker", {"url": "ssh://root@10.0.0.5/run/../docker.sock"}, [("/payload/url", "url")]),
        ("docker", {"url": "ssh://root@10.0.0.5/run/a:b"}, [("/payload/url", "url")]),
        ("docker", {"privateKey": "x"}, [("/payload/privateKey", "ssh_only")]),
        ("docker", {"hostKey": HOST_KEY}, [("/payload/hostKey", "ssh_only")]),
        ("docker", {"url": "https://10.0.0.5/v1.44"}, [("/payload/url", "url_parts")]),
        ("docker", {"tlsCert": "x"}, [("/payload/tlsKey", "pair")]),
        ("docker", {"tlsKey": "x"}, [("/payload/tlsCert", "pair")]),
        ("docker", {"tlsCa": "x"}, [("/payload/tlsCa", "certificate")]),
        ("docker", {"url": "http://10.0.0.5:2375", "tlsCa": "x"}, [("/payload/tlsCa", "no_tls")]),
        ("docker", {"url": "unix:///run/docker.sock", "tlsKey": "x"}, [("/payload/tlsKey", "no_tls")]),
        ("registry", {"url": "ghcr.io"}, [("/payload/url", "url")]),
        ("registry", {"username": "a:b"}, [("/payload/username", "string_pattern_mismatch")]),
        ("registry", {"password": "a\nb"}, [("/payload/password", "single_line")]),
        ("n8n", {"encryptionKey": "a\nb"}, [("/payload/encryptionKey", "single_line")]),
        ("netbox", {"token": "a b"}, [("/payload/token", "token")]),
        ("git", {"url": "https://git.example.org"}, [("/payload/url", "url_path")]),
        ("git", {"url": "https://u@git.example.org/x"}, [("/payload/url", "url_parts")]),
        ("git", {"url": "git@git.example.org:x.git"}, [("/payload/url", "url")]),
        ("git", {"username": "-x"}, [("/payload/username", "string_pattern_mismatch")]),
        ("git", {"privateKey": "x"}, [("/payload/privateKey", "ssh_only")]),
        ("git", {"hostKey": HOST_KEY}, [("/payload/hostKey", "ssh_only")]),
        ("git", {"url": SSH_REPOSITORY}, [("/payload/privateKey", "ssh_key")]),
        ("git", {"url": SSH_REPOSITORY, "privateKey": "x"}, [("/payload/token", "https_only")]),
        (
            "git",
            {"url": SSH_REPOSITORY, "privateKey": "x", "token": None},
            [("/payload/privateKey", "not_a_private_key")],
        ),
        ("webhook", {"url": "https://hooks.example.org/#x"}, [("/payload/url", "url_parts")]),
        ("secrets", {"values": "A=1\nhunter2"}, [("/payload/values", "values")]),
        ("secrets", {"values": 'A="hunter2'}, [("/payload/values", "values")]),
        ("s3", {"bucket": "No_Bucket"}, [("/payload/bucket", "string_pattern_mismatch")]),
        ("s3", {"accessKey": "a b"}, [("/payload/accessKey", "string_pattern_mismatch")]),
        ("s3", {"region": "?"}, [("/payload/region", "string_pattern_mismatch")]),
    ],
)
def test_what_is_wrong_is_said_at_its_place(kind: str, change: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert faults(kind, COMPLETE[kind] | change) == found


def test_a_refusal_repeats_no_secret() -> None:
    with pytest.raises(Invalid) as refused:
        TYPES["cloudflare"].parse({"apiToken": "s3cret with a blank", "url": "https://u:s3cret@example.org"})
    assert "s3cret" not in str(refused.value.errors) + str(refused.value)


@pytest.mark.parametrize(
    ("kind", "change", "place"),
    [
        ("cloudflare", {}, "127.0.0.1:8787"),
        ("cloudflare", {"url": "https://[fd00::1]/v4"}, "[fd00::1]:443"),
        ("portainer", {}, "portainer.example.org:9443"),
        ("n8n", {}, "n8n.example.org:443"),
        ("netbox", {"url": "https://netbox.example.org/sub"}, "netbox.example.org:443"),
        ("docker", {}, "10.0.0.5:2375"),
        ("docker", {"url": "https://10.0.0.5"}, "10.0.0.5:443"),
        ("registry", {"url": "http://10.0.0.7:5000"}, "10.0.0.7:5000"),
        ("docker", {"url": "http://10.0.0.5"}, "10.0.0.5:80"),
        ("git", {}, "git.example.org:443"),
        ("webhook", {"url": "http://hooks.example.org"}, "hooks.example.org:80"),
        ("s3", {}, "10.0.0.9:9000"),
    ],
)
def test_where_it_leads_is_an_entry_of_the_allow_list(kind: str, change: dict[str, Any], place: str) -> None:
    known = TYPES[kind]
    found = known.place(known.parse(COMPLETE[kind] | change))
    assert found == place
    assert parse_entry(found).port


def test_a_socket_leads_nowhere() -> None:
    known = TYPES["docker"]
    payload = known.parse({"url": "unix:///var/run/docker.sock"})
    assert (known.place(payload), known.socket(payload)) == ("", "/var/run/docker.sock")


def test_a_key_opens_an_engine_over_ssh(plain_key: str, locked_key: str) -> None:
    known = TYPES["docker"]
    given = {"url": "ssh://deploy@10.0.0.5:2222/run/docker.sock", "privateKey": plain_key, "hostKey": HOST_KEY}
    payload = known.parse(given)
    assert isinstance(payload, DockerPayload)
    assert (payload.is_ssh, payload.is_socket, payload.has_tls) == (True, False, False)
    assert (known.place(payload), known.socket(payload)) == ("10.0.0.5:2222", "")
    assert known.facts(payload)["fingerprint"].startswith("SHA256:")
    assert faults("docker", given | {"privateKey": locked_key}) == [("/payload/privateKey", "passphrase_required")]


def test_a_certificate_wants_its_own_key(tmp_path: Path) -> None:
    chain, key = pair(tmp_path / "one")
    tls = {"url": "tcp://10.0.0.5:2376", "tlsCa": chain, "tlsCert": chain}
    payload = TYPES["docker"].parse({**tls, "tlsKey": key})
    assert isinstance(payload, DockerPayload)
    assert payload.has_tls
    assert payload.public()["tlsCert"] == chain
    assert faults("docker", {**tls, "tlsKey": pair(tmp_path / "two")[1]}) == [("/payload/tlsKey", "tls_key_other")]
    assert faults("docker", {**tls, "tlsKey": locked(key)}) == [("/payload/tlsKey", "tls_key")]
    assert faults("docker", {**tls, "tlsKey": "no key"}) == [("/payload/tlsKey", "tls_key")]


@pytest.mark.parametrize(("url", "has_tls"), [("tcp://a:1", False), ("http://a", False), ("https://a", True)])
def test_an_engine_is_spoken_to_over_tls_when_its_address_or_a_certificate_says_so(url: str, has_tls: bool) -> None:
    payload = TYPES["docker"].parse({"url": url})
    assert isinstance(payload, DockerPayload)
    assert payload.has_tls is has_tls


def test_a_deploy_key_opens_a_repository_over_ssh(plain_key: str, locked_key: str) -> None:
    given = {"url": SSH_REPOSITORY, "privateKey": plain_key, "hostKey": HOST_KEY + " a comment"}
    payload = TYPES["git"].parse(given)
    assert isinstance(payload, GitPayload)
    assert (payload.is_ssh, payload.user, payload.host_key) == (True, "deploy", HOST_KEY)
    assert TYPES["git"].facts(payload)["fingerprint"].startswith("SHA256:")
    assert TYPES["git"].place(payload) == "git.example.org:2222"
    assert faults("git", given | {"privateKey": locked_key}) == [("/payload/privateKey", "passphrase_required")]
    assert faults("git", given | {"hostKey": "ssh-rsa x"}) == [("/payload/hostKey", "host_key")]


def test_the_user_of_a_repository_is_the_one_given_or_the_addresss_or_git() -> None:
    def user(**given: str) -> str:
        payload = type_named("git").parse({"url": "https://git.example.org/ops", **given})
        assert isinstance(payload, GitPayload)
        return payload.user

    assert (user(), user(username="oauth2")) == ("git", "oauth2")

"""The address that an error names leads to a page that explains it, for everybody and in the reader's language."""

import pytest

from orch_app.api.problem_pages import catalogue
from orch_app.kit.web_headers import page_policy
from tests.systems.asgi import TestClient


def test_the_type_of_an_error_is_an_address(database: str, client: TestClient) -> None:
    refused = client.get("/v1/me").json()
    page = client.get(refused["type"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<code>unauthorized</code>" in page.text
    assert "HTTP status 401" in page.text


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("PT", "pt-BR"),
        ("en-GB,pt;q=0.5", "en"),
        ("en;q=0.5, pt-PT;q=0.7", "pt-BR"),
        ("fr,de;q=0.9", "en"),
        ("fr, pt;q=0.1", "pt-BR"),
        (";;;q=x,,pt;q=often", "pt-BR"),
        ("ptx", "en"),
    ],
)
def test_a_page_is_in_the_readers_language(client: TestClient, accepted: str, language: str) -> None:
    page = client.get("/problems/rate-limited", headers={"Accept-Language": accepted})
    assert page.headers["content-language"] == language
    assert page.headers["vary"] == "Accept-Language"
    assert f'<html lang="{language}"' in page.text
    assert ("Vezes demais" in page.text) is (language == "pt-BR")


@pytest.mark.usefixtures("sqlite")
def test_every_code_has_its_page_in_both_languages(client: TestClient) -> None:
    for code, known in catalogue().items():
        for language in ("en", "pt-BR"):
            page = client.get(f"/problems/{code.replace('_', '-')}", headers={"Accept-Language": language})
            assert page.status_code == 200
            assert known[language].split("`")[0].replace("'", "&#x27;") in page.text


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize("code", ["nothing", "rate_limited", "<script>", "..", "%2e%2e", "rate-limited%0a"])
def test_an_unknown_code_is_a_problem_itself(client: TestClient, code: str) -> None:
    refused = client.get(f"/problems/{code}")
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("sqlite")
def test_the_page_keeps_to_the_policy_of_pages(client: TestClient) -> None:
    page = client.get("/problems/validation")
    assert page.headers["content-security-policy"] == page_policy("127.0.0.1:8000")
    assert "<script" not in page.text
    assert "style=" not in page.text

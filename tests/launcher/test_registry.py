"""The user's registry reaches pip and uv; what else they set for themselves does not."""

import os
from pathlib import Path

from tools.launcher import registry

LISTING = """\
:env:.find-links='/srv/wheels'
:env:.user='true'
global.index-url='https://packages.example/simple'
global.extra-index-url='file:///srv/one file:///srv/two'
global.cert='/etc/ssl/own.pem'
global.find-links='/srv/other'
global.break-system-packages='true'
install.no-index='true'
freeze.timeout='10'
"""


def test_only_options_about_the_registry_are_taken():
    assert registry.merge(LISTING) == {
        "index-url": "https://packages.example/simple",
        "extra-index-url": "file:///srv/one file:///srv/two",
        "cert": "/etc/ssl/own.pem",
        "find-links": "/srv/wheels",
        "no-index": "true",
    }


def test_uv_is_told_the_same_in_its_own_names():
    assert registry.uv_variables(registry.merge(LISTING)) == {
        "UV_DEFAULT_INDEX": "https://packages.example/simple",
        "UV_INDEX": "file:///srv/one file:///srv/two",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
        "UV_FIND_LINKS": "/srv/wheels",
    }


def test_uv_is_told_by_an_option_what_it_takes_no_variable_for():
    assert registry.uv_words(registry.merge(LISTING)) == ["--no-index"]
    assert registry.uv_words({"no-index": "false"}) == registry.uv_words({}) == []


def test_what_would_change_the_installation_is_left_out():
    set_by_user = {
        "PIP_USER": "1", "PIP_TARGET": "/tmp/x", "PIP_REQUIRE_VIRTUALENV": "1", "UV_SYSTEM_PYTHON": "1",
        "UV_CONSTRAINT": "c.txt", "PYTHONPATH": "/tmp/y", "PYTHONHOME": "/tmp/z", "VIRTUAL_ENV": "/tmp/v",
    }  # fmt: skip
    env = registry.clean_environment(
        {**set_by_user, "HOME": "/root", "PATH": "/bin"}, {"index-url": "https://a.example"}
    )
    assert not set_by_user.keys() & env.keys()
    assert env["HOME"] == "/root"
    assert env["PIP_INDEX_URL"] == env["UV_DEFAULT_INDEX"] == "https://a.example"
    assert env["PIP_CONFIG_FILE"] == os.devnull


def test_uvs_own_variables_win_over_pips_configuration():
    env = registry.clean_environment({"UV_DEFAULT_INDEX": "https://mine.example"}, {"index-url": "https://pip.example"})
    assert env["UV_DEFAULT_INDEX"] == "https://mine.example"


def test_credentials_of_a_named_index_are_kept():
    assert registry.clean_environment({"UV_INDEX_MINE_USERNAME": "u"}, {})["UV_INDEX_MINE_USERNAME"] == "u"


def test_an_interpreter_without_pip_has_no_options():
    assert registry.pip_options(Path("/bin/false")) == {}

"""The section `hooks`: what is wrong is told at the start, by its key and never by its value."""

import pytest

from bridge.config import load
from bridge.domain.errors import ConfigError

ENVIRON = {"S": "a-secret-of-twenty-one", "SHORT": "short", "PLAIN": "no base64 at all, is it"}


def read(folder, section):
    file = folder / "config.yaml"
    file.write_text(f"hooks:\n  work: {{{section}}}\n")
    return load(file, ENVIRON)


def test_a_hook_has_its_defaults(tmp_path):
    config = read(tmp_path, "verify: github, secret: '${S}'")
    hook = config.hooks["work"]
    assert (hook.session, hook.action, hook.template) == ("main", "prompt", "github")
    assert (hook.most_bytes, hook.per_minute, hook.is_on) == (262_144, 60, True)
    assert hook.verification.secret in config.secrets
    assert "a-secret" not in repr(config)


def test_the_names_of_headers_are_read_in_any_letters(tmp_path):
    section = "verify: hmac, secret: '${S}', idempotency: 'header:X-Id', signature_header: X-Sig"
    hook = read(tmp_path, section).hooks["work"]
    assert (hook.delivery, hook.verification.signature) == (("header:x-id",), "x-sig")
    assert hook.verification.timestamp == "x-hook-timestamp"


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("verify: github", "hooks.work.secret: is missing"),
        ("secret: '${S}'", "hooks.work.verify: is missing"),
        ("verify: magic, secret: '${S}'", "hooks.work.verify: "),
        ("verify: github, secret: '${NOT_SET}'", "NOT_SET is not set"),
        ("verify: github, secret: written-here-in-the-file", "do not write a secret"),
        ("verify: github, secret: '${SHORT}'", "at least 16 characters"),
        ("verify: standard, secret: '${PLAIN}'", "base64, after whsec_"),
        ("verify: github, secret: '${S}', template: '{{ paylod }}'", "no `paylod`"),
        ("verify: github, secret: '${S}', template: '{% if %}'", "hooks.work.template: line 1"),
        ("verify: github, secret: '${S}', when: 'event =='", "hooks.work.when: line 1"),
        ("verify: github, secret: '${S}', as: shout", "hooks.work.as: "),
        ("verify: github, secret: '${S}', session: 'a b'", "hooks.work.session: "),
        ("verify: github, secret: '${S}', max_bytes: 9", "hooks.work.max_bytes: "),
        ("verify: github, secret: '${S}', per_minute: 0", "hooks.work.per_minute: "),
        ("verify: github, secret: '${S}', idempotency: 'a b'", "hooks.work.idempotency: "),
        ("verify: github, secret: '${S}', what: 1", "hooks.work.what: "),
    ],
)
def test_what_is_wrong_is_told(tmp_path, section, why):
    with pytest.raises(ConfigError) as told:
        read(tmp_path, section)
    assert why in str(told.value)
    assert "a-secret" not in str(told.value)
    assert "written-here" not in str(told.value)


def test_a_name_is_one_that_can_stand_in_an_address(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("hooks: {'A b': {verify: github, secret: '${S}'}}\n")
    with pytest.raises(ConfigError, match="small letters"):
        load(file, ENVIRON)


def test_jinja_is_imported_only_where_a_hook_is_configured(tmp_path):
    import subprocess
    import sys

    script = (
        "import sys; from pathlib import Path; from bridge.config import load; import bridge.app;"
        "load(Path(sys.argv[1]), {'S': 'a-secret-of-twenty-one'}); print('jinja2' in sys.modules)"
    )
    for text, said in (("", "False"), ("hooks: {a: {verify: bearer, secret: '${S}'}}", "True")):
        (tmp_path / "config.yaml").write_text(f"language: en\n{text}\n")
        command = [sys.executable, "-c", script, str(tmp_path / "config.yaml")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout.strip() == said

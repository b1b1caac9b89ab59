"""In which language a terminal speaks: its person's, else that of the environment."""

import pytest

from bridge.cli.spoken import of_environment, spoken


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_FR"}, "fr"),
        ({"LANG": "de_DE", "LC_MESSAGES": "fr_FR", "LC_ALL": "zh_CN.GB18030@x"}, "zh"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}, ""),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": ""}, "de"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "POSIX"}, ""),
        ({"LANG": "pt_BR.UTF-8"}, ""),
        ({"LANG": "../../etc"}, ""),
        ({}, ""),
    ],
)
def test_the_first_variable_that_is_set_decides(environ, code):
    assert of_environment(environ) == code


@pytest.mark.parametrize(
    ("chosen", "environment", "code"),
    [("es", "de", "es"), ("", "de", "de"), ("", "", "en"), ("xx", "fr", "fr"), ("en", "fr", "en")],
)
def test_what_a_person_chose_comes_first(chosen, environment, code):
    assert spoken(chosen, environment).code == code

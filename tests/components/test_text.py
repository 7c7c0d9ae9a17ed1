"""Words as browser expressions: they carry the import, the hook and whatever the values need."""

import pytest
import reflex as rx

from orch_app.components.icon import icon
from orch_app.components.text import tr, tr_dynamic


def test_a_key_becomes_a_call_that_knows_its_import_and_hook() -> None:
    var = tr("count.ok", n=3)
    assert str(var) == 'translate(language, "count.ok", {n: 3})'
    data = var._get_all_var_data()
    assert data is not None
    assert "const language = useLanguage()" in data.hooks
    assert "$/public/ui/text.js" in dict(data.imports)


def test_values_from_the_data_keep_what_they_need() -> None:
    source = rx.Var("job.status", _var_type=str, _var_data=rx.vars.VarData(hooks={"const job = useJob()": None}))
    var = tr_dynamic("status.", source, name=source)
    assert str(var) == 'translateDynamic(language, "status.", job.status, {name: job.status})'
    data = var._get_all_var_data()
    assert data is not None
    assert "const job = useJob()" in data.hooks


def test_unknown_words_and_icons_stop_the_build() -> None:
    with pytest.raises(KeyError):
        tr("no.such.key")
    with pytest.raises(KeyError):
        tr_dynamic("nowhere.", "x")
    with pytest.raises(ValueError, match="sparkling"):
        icon("sparkling")

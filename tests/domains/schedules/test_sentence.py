"""What an expression says to a person, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.schedules import cron
from orch_app.domains.schedules.sentence import sentence


@pytest.mark.parametrize(
    ("expression", "english", "portuguese"),
    [
        ("* * * * *", "Every minute", "A cada minuto"),
        ("*/5 * * * *", "Every 5 minutes", "A cada 5 minutos"),
        ("0 * * * *", "Every hour", "A cada hora"),
        ("15,45 * * * *", "At minute 15 and 45 of every hour", "No minuto 15 e 45 de cada hora"),
        ("0 */6 * * *", "Every 6 hours", "A cada 6 horas"),
        ("0 9 * * *", "Every day at 09:00", "Todos os dias às 09:00"),
        ("0 9,18 * * *", "Every day at 09:00 and 18:00", "Todos os dias às 09:00 e 18:00"),
        ("30 9 * * 1-5", "Monday to Friday at 09:30", "Segunda a sexta às 09:30"),
        ("30 9 * * MON,wed", "Monday and Wednesday at 09:30", "Segunda e quarta às 09:30"),
        ("0 3 1 * *", "On day 1 of the month at 03:00", "No dia 1 do mês às 03:00"),
        ("0 3 L * *", "On the last day of the month at 03:00", "No último dia do mês às 03:00"),
        (
            "0 3 1,15 1,7 *",
            "On day 1 and 15 of the month in January and July at 03:00",
            "No dia 1 e 15 do mês em janeiro e julho às 03:00",
        ),
        (
            "*/10 8-17 * * 1-5",
            "Monday to Friday every 10 minutes from 08:00 to 17:59",
            "Segunda a sexta a cada 10 minutos das 08:00 às 17:59",
        ),
        ("0 3 1 * 7", "On day 1 of the month or Sunday at 03:00", "No dia 1 do mês ou domingo às 03:00"),
    ],
)
def test_it_is_said_as_a_person_would(expression: str, english: str, portuguese: str) -> None:
    assert (sentence(expression, "en"), sentence(expression, "pt-BR")) == (english, portuguese)


FIELD = st.sampled_from(["*", "*/7", "0", "1,2", "1-5", "2-6/2", "L", "LW", "5L", "MON#2", "JAN-MAR", "3"])


@given(st.lists(FIELD, min_size=5, max_size=5))
def test_every_good_expression_has_a_sentence_without_a_hole(fields: list[str]) -> None:
    expression = " ".join(fields)
    if cron.faults(expression, "UTC"):
        return
    for language in ("en", "pt-BR"):
        said = sentence(expression, language)
        assert said
        assert "{" not in said
        assert "cron." not in said

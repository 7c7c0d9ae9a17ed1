"""What can be wrong with a pipeline and its expressions: each fault has a code and one sentence in both languages."""

from orch_app.kit.errors import Problem
from orch_app.kit.json_text import pointer

Place = tuple[str | int, ...]

TEXTS: dict[str, tuple[str, str]] = {
    "not_closed": (
        "An expression begins with ${{ and has no }}.",
        "Uma expressão começa com ${{ e não tem }}.",
    ),
    "too_long": ("An expression has at most {most} characters.", "Uma expressão tem no máximo {most} caracteres."),
    "syntax": (
        "{shown} is no path of names and numbers joined by dots.",
        "{shown} não é um caminho de nomes e números unidos por pontos.",
    ),
    "unknown_root": (
        "An expression begins with steps, inputs or env, not with {shown}.",
        "Uma expressão começa com steps, inputs ou env, não com {shown}.",
    ),
    "output_only": (
        "Of a step only its output is known: ${{steps.<id>.output...}}.",
        "De um passo só se conhece a saída: ${{steps.<id>.output...}}.",
    ),
    "name_only": (
        "Of the environment only the name is known: ${{env.name}}.",
        "Do ambiente só se conhece o nome: ${{env.name}}.",
    ),
    "name_one": ("Name one input: ${{inputs.<name>}}.", "Nomeie uma entrada: ${{inputs.<nome>}}."),
    "missing": ("{shown} names nothing: there is no {part}.", "{shown} não nomeia nada: não existe {part}."),
    "masked": (
        "{shown} holds a masked secret; secrets come from connections only.",
        "{shown} contém um segredo mascarado; segredos vêm apenas de conexões.",
    ),
    "no_output": (
        "The step {step} has no output: it did not run.",
        "O passo {step} não tem saída: ele não rodou.",
    ),
    "output_too_large": (
        "The output of the step {step} is larger than {most} KiB and was not kept.",
        "A saída do passo {step} passa de {most} KiB e não foi guardada.",
    ),
    "not_a_text": (
        "{shown} is no text, number or truth and cannot be put into a text.",
        "{shown} não é texto, número nem verdadeiro/falso e não cabe num texto.",
    ),
    "too_large": (
        "The values taken are larger than {most} KiB together.",
        "Os valores usados somam mais de {most} KiB.",
    ),
    "bad_schema": ("The inputs cannot be declared so: {why}", "As entradas não podem ser declaradas assim: {why}"),
    "duplicate_id": ("Another step is called {step} too.", "Outro passo também se chama {step}."),
    "duplicate_edge": ("The step {step} is named twice.", "O passo {step} aparece duas vezes."),
    "unknown_step": ("There is no step {step}.", "Não existe o passo {step}."),
    "circle": (
        "The steps form a circle: {steps}.",
        "Os passos formam um círculo: {steps}.",
    ),
    "unknown_runbook": ("There is no runbook {runbook}.", "Não existe o runbook {runbook}."),
    "broken_runbook": ("The runbook {runbook} is broken.", "O runbook {runbook} está com defeito."),
    "not_before": (
        "{shown} is used, and no edge makes {step} come before.",
        "{shown} é usado, e nenhuma aresta faz {step} vir antes.",
    ),
    "unknown_input": ("The pipeline declares no input {part}.", "O pipeline não declara a entrada {part}."),
    "unknown_output": (
        "The output of {runbook} has no {part}.",
        "A saída de {runbook} não tem {part}.",
    ),
    "type": (
        "{shown} is of the type {found}; {wanted} is needed.",
        "{shown} é do tipo {found}; é preciso {wanted}.",
    ),
    "one_expression": (
        "Give a list, or one expression that becomes a list.",
        "Informe uma lista, ou uma expressão que se torne uma lista.",
    ),
    "hosts_not_allowed": ("This runbook does not work on hosts.", "Este runbook não trabalha em hosts."),
    "hosts_required": ("This runbook needs at least one host.", "Este runbook precisa de ao menos um host."),
    "unknown_tag": ("This runbook does not offer the tag {tag}.", "Este runbook não oferece a tag {tag}."),
    "unknown_host": ("There is no such host.", "Não existe esse host."),
    "unknown_slot": ("This runbook has no such connection.", "Este runbook não tem essa conexão."),
    "unknown_connection": ("There is no such connection.", "Não existe essa conexão."),
    "connection_required": ("Choose a {kind} connection.", "Escolha uma conexão {kind}."),
    "wrong_connection": (
        "It is a {found} connection, the runbook wants {wanted}.",
        "É uma conexão {found}; o runbook quer {wanted}.",
    ),
}


def texts_of(code: str, **facts: object) -> tuple[str, str]:
    """The sentence of a fault in English and in Portuguese."""
    english, portuguese = TEXTS[code]
    return english.format(**facts), portuguese.format(**facts)


def fault(place: Place, code: str, **facts: object) -> Problem:
    """One fault at its place in the definition."""
    return Problem(pointer(place), code, *texts_of(code, **facts))


class ExpressionError(Exception):
    """An expression cannot be read, or names what is not there."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.detail, self.detail_pt = texts_of(code, **facts)
        super().__init__(self.detail)

    def at(self, place: Place) -> Problem:
        """The same as a fault of the definition."""
        return Problem(pointer(place), self.code, self.detail, self.detail_pt)

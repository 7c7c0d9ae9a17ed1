"""The form of an adoption says what an adoption says, and back."""

from orch_app.domains.sources.wire import AdoptionAnswer
from orch_app.kit.clock import now
from orch_app.state.adoption_view import begun, body_of, form_schema, shown

DEFAULTS = {"target": "hosts", "risk": "high", "mutates": True, "network": "none", "category": "playbooks"}


def test_who_has_to_agree_is_asked_and_comes_back() -> None:
    properties = form_schema(with_variables=True)["properties"]
    assert properties["approvalProd"]["enum"] == ["none", "required", "required_other_person"]
    values = {**begun("site.yml", []), **DEFAULTS, "timeoutMin": 60, "approvalProd": "required_other_person"}
    body = body_of(values, "site.yml", None)
    assert body.approval.model_dump() == {"prod": "required_other_person", "stage": "none"}
    meta = body.model_dump(exclude={"playbook", "input_schema"})
    answer = AdoptionAnswer(
        name="site",
        playbook="site.yml",
        meta=meta,
        input_schema=body.input_schema,
        updated_by_name="",
        updated_at=now(),
    )
    again = shown(answer)
    assert (again["approvalProd"], again["approvalStage"]) == ("required_other_person", "none")

"""Templates, as their page tells it: made, previewed, changed (T1, T3)."""

import json
import re

from tests.examples import DOCS
from tests.journeys.conftest import House

PAGE = (DOCS / "templates.md").read_text()
EXAMPLES = re.findall(r"```graphql\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL)


async def test_the_page_on_templates_keeps_its_word(house: House) -> None:
    assert len(EXAMPLES) == PAGE.count("```graphql") == 5
    for document, answer in EXAMPLES:
        assert await house.ask(document) == json.loads(answer)
    log = "{ auditLog { nodes { action outcome } } }"
    entries = (await house.ask(log))["auditLog"]["nodes"]
    assert entries == [
        {"action": "updateTemplate", "outcome": "DONE"},
        {"action": "createTemplate", "outcome": "DONE"},
    ]
    again = await house.ask(EXAMPLES[0][0])
    assert again == json.loads(EXAMPLES[0][1]), "the first answer to its key"
    delete = """mutation { deleteTemplate(input: {template: "order.shipped"}) {
      template { slug } errors { message } } }"""
    assert (await house.ask(delete))["deleteTemplate"]["errors"] == []
    gone = '{ template(template: "order.shipped") { slug } }'
    assert (await house.ask(gone, role="sender"))["template"] is None

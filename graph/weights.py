"""What is assumed of the lists and texts whose sizes nobody says."""

from functools import cache

from graphql import GraphQLEnumType, GraphQLField, GraphQLSchema

USUAL_SIZE = 10
USUAL_SIZES = {
    "errors": 1,
    "samples": 5,
    "variants": 3,
    "byStatus": 9,
    "messages": 3,
    "course": 122,
}
WEIGHTS = {
    "FailedMessage.text": 20,
    "Query.queues": 100,
    "Query.workers": 50,
    "Notification.title": 20,
    "Notification.body": 20,
    "Notification.data": 50,
    "Report.text": 20,
    "Report.html": 100,
    "TemplateVariant.text": 10,
    "TemplateVariant.html": 50,
}
"""Of fields that may be kilobytes long, about 1 for each 300 bytes."""
LARGEST_TYPE = 10
"""How many times the average a type may have of fields; `__type` asks for any one of them."""


@cache
def schema_sizes(schema: GraphQLSchema) -> dict[str, float]:
    """How long the lists of introspection are, those of types on average."""
    types = schema.type_map.values()
    fields = [field for kind in types for field in getattr(kind, "fields", {}).values()]
    answers = [field for field in fields if isinstance(field, GraphQLField)]
    values = sum(len(kind.values) for kind in types if isinstance(kind, GraphQLEnumType))
    return {
        "types": len(types),
        "directives": len(schema.directives),
        "fields": len(answers) / len(types),
        "inputFields": (len(fields) - len(answers)) / len(types),
        "enumValues": values / len(types),
        "ofType": 0.5,  # most types that have one have just one
        "args": sum(len(field.args) for field in answers) / max(1, len(answers)),
    }

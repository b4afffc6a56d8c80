"""Pages and pictures of the laboratory: Jinja templates that lie beside those who fill them."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def drawn(room: str, template: str, **values: object) -> str:
    """The template of a room, such as ``lab.scores``, filled with `values`; every text in them is
    escaped. Raises jinja2.UndefinedError for one that the template names and nobody gave."""
    return _environment(room).get_template(template).render(values)


@cache
def _environment(room: str) -> Environment:
    return Environment(
        loader=PackageLoader(room, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

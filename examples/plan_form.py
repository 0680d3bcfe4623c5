"""Build a web form from the JSON Schema of a plan, and a plan from what is filled in.

It needs nothing but Python and the schema, so it shows what any page or window can do:

    lapwing plans show scan --startup-script lab.py --schema > scan.json
    python examples/plan_form.py scan.json > scan.html
    python examples/plan_form.py scan.json detectors=det1 start=-1 stop=1

The last prints the arguments as JSON, ready for `plan_item` or a queue.
"""

import json
import sys
from html import escape

STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; color: #1b2733; max-width: 38rem;
       margin: 2rem auto; padding: 0 1rem }
form p { display: grid; grid-template-columns: 10rem 1fr; gap: 0 1rem;
         align-items: center; margin: 0 0 .8rem }
small { grid-column: 2; color: #5b6875 }
input, select { font: inherit; min-width: 12rem; padding: .2rem .4rem;
                border: 1px solid #9aa5b1; border-radius: 4px }
input[type=checkbox] { min-width: 0 }
button { font: inherit; padding: .4rem 1.2rem; margin-left: 11rem; border: 0;
         border-radius: 4px; color: white; background: #17776c }
"""


def resolved(schema, whole):
    """Follow a reference into the definitions of the whole schema."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    return {**whole["$defs"][name], **schema}


def choices(schema, whole):
    """Return the texts that are allowed, or None if any is."""
    schema = resolved(schema, whole)
    if "enum" in schema:
        return [one for one in schema["enum"] if isinstance(one, str)]
    lists = [choices(one, whole) for one in schema.get("anyOf", ())]
    lists = [one for one in lists if one is not None]
    return [name for names in lists for name in names] if lists else None


def kind(schema, whole):
    """Return which control fits: one, several, number, check, or text."""
    schema = resolved(schema, whole)
    if schema.get("type") == "array" and choices(schema["items"], whole) is not None:
        return "several"
    if choices(schema, whole) is not None:
        return "one"
    return {"number": "number", "integer": "number", "boolean": "check"}.get(
        schema.get("type"), "text"
    )


def attributes(**given):
    """Write attributes of HTML; those that are None or False are left out."""
    kept = {key: one for key, one in given.items() if one is not None}
    kept = {key: one for key, one in kept.items() if one is not False}
    return "".join(
        f" {key}" if one is True else f' {key.replace("_", "-")}="{escape(str(one))}"'
        for key, one in kept.items()
    )


def control(name, schema, whole, required):
    """Write the control of one parameter."""
    schema = resolved(schema, whole)
    default, what = schema.get("default"), kind(schema, whole)
    named = attributes(name=name, id=name, required=required)
    if what in ("one", "several"):
        names = choices(schema["items"] if what == "several" else schema, whole)
        chosen = default if isinstance(default, list) else [default]
        options = "".join(
            f"<option{attributes(selected=one in chosen)}>{escape(one)}</option>"
            for one in names
        )
        empty = "" if required or what == "several" else "<option></option>"
        named += attributes(multiple=what == "several")
        return f"<select{named}>{empty}{options}</select>"
    if what == "check":
        return f"<input{named}{attributes(type='checkbox', checked=default is True)}>"
    if what == "number":
        # A page would refuse what is between two steps, so the step is a note.
        limits = attributes(
            min=schema.get("minimum"),
            max=schema.get("maximum"),
            step=1 if schema["type"] == "integer" else "any",
            data_step=schema.get("x-step"),
        )
        return f"<input{named}{attributes(type='number', value=default)}{limits}>"
    text = None if default is None else json.dumps(default, ensure_ascii=False)
    offered = schema.get("examples", ())
    data = "".join(f"<option>{escape(one)}</option>" for one in offered)
    listed = f"<datalist{attributes(id=name + '-names')}>{data}</datalist>"
    list_of = f"{name}-names" if offered else None
    field = f"<input{named}{attributes(type='text', value=text, list=list_of)}>"
    return field + (listed if offered else "")


def form(schema):
    """Write the form of a plan, as a page of HTML."""
    rows = []
    for name in schema["x-order"]:
        one = schema["properties"][name]
        required = name in schema["required"]
        unit = escape(one.get("x-unit", ""))
        rows.append(
            f"<p><label{attributes(**{'for': name})}>{escape(name)}{' *' * required}"
            f"</label><span>{control(name, one, schema, required)} {unit}</span>"
            f"<small>{escape(one.get('description', ''))}</small></p>"
        )
    title, about = escape(schema["title"]), escape(schema.get("description", ""))
    return (
        f'<!doctype html><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>\n{STYLE}</style>\n"
        f"<h1>{title}</h1><p>{about}</p>\n<form>\n"
        + "\n".join(rows)
        + "\n<button>Submit</button>\n</form>\n"
    )


def value_of(text, schema, whole):
    """Read what was filled into a field."""
    what = kind(schema, whole)
    if what == "several":
        return [one.strip() for one in text.split(",") if one.strip()]
    if what == "one" or resolved(schema, whole).get("type") == "string":
        return text
    if what == "check":
        return text in ("on", "true", "yes")
    try:
        return json.loads(text)
    except ValueError:
        return text  # such as the name of a device, where anything is allowed


def values(schema, fields):
    """Read the fields of a form; those that were left empty have their defaults."""
    return {
        name: value_of(text, schema["properties"][name], schema)
        for name, text in fields.items()
        if text != ""
    }


def main():
    """Read the schema, and print the form or the arguments."""
    file, *filled = sys.argv[1:] or ["-"]
    if file in ("-h", "--help"):
        sys.exit(__doc__)
    try:
        with sys.stdin if file == "-" else open(file, encoding="utf-8") as opened:
            schema = json.load(opened)
    except (OSError, ValueError) as error:
        sys.exit(f"no schema can be read from {file}: {error}")
    if not filled:
        print(form(schema))
        return
    fields = {}
    for one in filled:
        name, equals, text = one.partition("=")
        if not equals:
            sys.exit(f"{one!r} is not of the form NAME=VALUE")
        if name not in schema["properties"]:
            sys.exit(f"{schema['title']} has no parameter {name!r}")
        fields[name] = text
    print(json.dumps(values(schema, fields), ensure_ascii=False))


if __name__ == "__main__":
    main()

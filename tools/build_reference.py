"""The reference, made from what the program itself holds: catalogue, schema, packs, units, functions, commands.

    python tools/build_reference.py                    write docs/reference and the tables of the two READMEs
    python tools/build_reference.py --check            name the files that differ from a fresh generation; exit 1
    python tools/build_reference.py --pictures DEMO    docs/images from a folder that `tanbiao demo` wrote (chromium)

Pages come in pairs, `NAME.en.md` and `NAME.zh.md`. Nothing here depends on clock, machine or network.
"""

from __future__ import annotations

import csv
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tanbiao.core.errors import LANGS, Lang
from tanbiao.core.units import UnitError, dimension_text, unit
from tanbiao.core.value import Basis, basis_text
from tanbiao.evaluate import Result
from tanbiao.formula.parse import MAX_DEPTH, MAX_LENGTH, MAX_NODES, MAX_POWER
from tanbiao.library.table import NATURE
from tanbiao.library.table import TABLES as LIBRARY
from tanbiao.present.numbers import short, unit_text
from tanbiao.service.demo import STUDIES
from tanbiao.service.packs import list_packs
from tanbiao.service.places import Places, data_root
from tanbiao.service.run import Run, load
from tanbiao.standards import Rulebook, resolve
from tanbiao.standards.clause import REVIEWS, Clause, Option
from tanbiao.standards.names import line_columns
from tanbiao.study.read import HEAD_KEYS
from tanbiao.study.schema import FILES, SCHEMA

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "tanbiao"
REFERENCE = "docs/reference"
READMES: Mapping[Lang, str] = {"en": "README.md", "zh": "README.zh.md"}
WORDS: Mapping[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "reference_texts.yaml").read_text(encoding="utf-8")
)


def build() -> dict[str, str]:
    """Every generated file: path below the repository → content."""
    pages: dict[str, str] = {}
    for lang in LANGS:
        made = {
            "index": index_page(lang),
            "errors": errors_page(lang),
            "formula-language": formula_page(lang),
            "study-format": study_page(lang),
            "library-format": library_page(lang),
            "line-table": line_page(lang),
            "units": units_page(lang),
            "commands": commands_page(lang),
            "packs/index": packs_page(lang),
            **{f"packs/{pack_file(r)}": pack_page(r, lang) for r in rulebooks()},
        }
        pages |= {f"{REFERENCE}/{name}.{lang}.md": text for name, text in made.items()}
        readme = ROOT / READMES[lang]
        if readme.is_file():
            text = with_table(
                readme.read_text(encoding="utf-8"), "packs", packs_in_short(lang, f"{REFERENCE}/packs/")
            )
            pages[READMES[lang]] = with_table(text, "demo", demo_table(lang))
    return pages


def differing() -> list[str]:
    """Files that are missing, stale or left over."""
    made = build()
    there = {p.relative_to(ROOT).as_posix() for p in (ROOT / REFERENCE).rglob("*.md")}
    same = {
        n
        for n, text in made.items()
        if (ROOT / n).is_file() and (ROOT / n).read_text(encoding="utf-8") == text
    }
    return sorted((made.keys() - same) | (there - made.keys()))


def write() -> None:
    """Write what `build` gives, and remove pages of things that are no more."""
    made = build()
    for old in (ROOT / REFERENCE).rglob("*.md"):
        if old.relative_to(ROOT).as_posix() not in made:
            old.unlink()
    for name, text in made.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")


# -- small pieces of markdown --------------------------------------------------------------------------------


_FOLDED = re.compile(r"(?<=[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e]) (?=[\u4e00-\u9fff（“])")
"""The space that YAML leaves where it folds a line of Chinese."""


def say(key: str, lang: Lang, **holes: str) -> Any:
    """A text (or list of texts) of `reference_texts.yaml`; `a/b` goes one level down."""
    found: Any = WORDS
    for part in key.split("/"):
        found = found[part]
    found = found[lang]
    if lang == "zh" and isinstance(found, str):
        found = _FOLDED.sub("", found)
    for name, value in holes.items():
        found = found.replace("{" + name + "}", value)
    return found


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)])


def cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", "<br>", str(text).strip()).replace("|", "\\|") or " "


def code(text: str) -> str:
    """Inline code; two ticks where the text holds one."""
    text = " ".join(str(text).split())
    return "" if not text else f"`` {text} ``" if "`" in text else f"`{text}`"


def plain(text: str) -> str:
    """Prose from data: angle brackets, stars and underscores stand for themselves."""
    return html.escape(str(text), quote=False).replace("*", "\\*").replace("_", "\\_")


def page(title: str, *parts: str) -> str:
    body = "\n\n".join(p.strip("\n") for p in parts if p.strip())
    return f"# {title}\n\n{body}\n"


def made_from(lang: Lang, *sources: str) -> str:
    return f"<sub>{say('made', lang, sources=', '.join(code(s) for s in sources))}</sub>"


def with_table(text: str, name: str, content: str) -> str:
    """`text` with what stands between `<!-- name -->` and `<!-- /name -->` replaced."""
    return re.sub(
        rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda m: f"{m[1]}{content}\n{m[2]}", text, flags=re.S
    )


@cache
def rulebooks() -> tuple[Rulebook, ...]:
    """Every pack that ships, in the order of its name."""
    places = Places()
    return tuple(
        resolve(row.version.partition("+")[0], places.pack_roots)[0] for row in list_packs(places)[0]
    )


@cache
def demo_runs() -> tuple[Run, ...]:
    """The studies of `tanbiao demo`, evaluated."""
    return tuple(load(data_root() / "examples" / name).run() for name in STUDIES)


def demo_table(lang: Lang) -> str:
    """The headlines that `tanbiao demo` gives, pack by pack."""
    first = demo_runs()[0]
    heads = [
        *say("demo.heads", lang),
        *(plain(in_lang(r.study.at("product.name"), lang)) for r in demo_runs()),
    ]
    rows = []
    for position, result in enumerate(first.results):
        if result.headline is None:
            continue
        title = f"{plain(result.headline.title[lang])} ({unit_text(result.headline.unit)})"
        values = (headline_words(r.results[position], lang) for r in demo_runs())
        rows.append((code(result.rulebook.pack.name), title, *values))
    return table(heads, rows)


def headline_words(result: Result, lang: Lang) -> str:
    found = result.headline
    if found is None or found.value is None or found.low is None or found.high is None:
        names = ", ".join(code(m) for m in found.missing if "#" not in m) if found is not None else ""
        return say("demo.missing", lang, names=names)
    verdict = say(f"demo.{found.verdict}", lang) if found.verdict else ""
    return f"**{found.published}** ({short(found.low)} – {short(found.high)}){verdict}"


# -- index, errors -------------------------------------------------------------------------------------------


def index_page(lang: Lang) -> str:
    rows = [
        (f"[{texts[lang][0]}]({name}.{lang}.md)", texts[lang][1])
        for name, texts in WORDS["index.pages"].items()
    ]
    return page(say("index.title", lang), say("index.intro", lang), table(say("index.heads", lang), rows))


def errors_page(lang: Lang) -> str:
    rooms: list[str] = []
    index: list[Sequence[str]] = []
    colon = say("colon", lang)
    for file in sorted((SOURCE / "catalogue").glob("*.yaml")):
        entries: Mapping[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        rooms.append(f"## {file.stem}")
        for name in sorted(entries):
            texts = entries[name]
            index.append(
                (f"[{code(name)}](#{name})", plain(texts["title"][lang]), f"[{file.stem}](#{file.stem})")
            )
            words = zip(("what", "why", "fix"), say("errors.parts", lang), strict=True)
            parts = [f"- {word}{colon}{holes(texts[key][lang])}" for key, word in words if key in texts]
            rooms.append(f"### {name}\n\n**{plain(texts['title'][lang])}**\n\n" + "\n".join(parts))
    return page(
        say("errors.title", lang),
        say("errors.intro", lang),
        made_from(lang, "src/tanbiao/catalogue/*.yaml"),
        table(say("errors.heads", lang), sorted(index)),
        *rooms,
    )


def holes(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"`{\1}`", html.escape(text, quote=False).replace("*", "\\*"))


# -- formula language ----------------------------------------------------------------------------------------


def functions() -> list[dict[str, str]]:
    """`formula/functions.csv`: what each function takes, gives and is for."""
    with (SOURCE / "formula" / "functions.csv").open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda r: r["name"])


def formula_page(lang: Lang) -> str:
    limits = zip(
        map(str, (MAX_LENGTH, MAX_DEPTH, MAX_NODES, MAX_POWER)), say("formula.limit-rows", lang), strict=True
    )
    return page(
        say("formula.title", lang),
        say("formula.intro", lang),
        made_from(lang, "src/tanbiao/formula/functions.csv", "src/tanbiao/formula/parse.py"),
        f"## {say('formula.grammar', lang)}",
        table(say("formula.heads", lang), say("formula.rows", lang)),
        say("formula.cells", lang),
        say("formula.numeric", lang),
        f"## {say('formula.functions', lang)}",
        *(
            f"### {f['name']}\n\n{code(f['signature'])}\n\n{plain(f[lang])}\n\n```\n{f['example']}\n```"
            for f in functions()
        ),
        f"## {say('formula.limits', lang)}",
        table(say("formula.limit-heads", lang), limits),
        say("formula.beyond", lang),
    )


# -- study, lines, units -------------------------------------------------------------------------------------


def study_page(lang: Lang) -> str:
    keys = WORDS["study.keys"]
    parts = [
        say("study.intro", lang),
        made_from(lang, "src/tanbiao/study/schema.csv", "src/tanbiao/study/read.py", "packs"),
        "## study.yaml",
        table(
            say("study.key-heads", lang),
            [
                (code(k), plain(keys[k][lang]) if k in keys else "")
                for k in (*keys, *sorted(HEAD_KEYS - keys.keys()))
            ],
        ),
        f"## {say('study.facts', lang)}",
        say("study.facts-note", lang),
    ]
    for name, columns in SCHEMA.items():
        rows = [
            (
                code(c.name),
                say(f"type/{c.kind}", lang),
                code(c.unit.text),
                "✓" if c.required else "",
                with_options(plain(c.text[lang]), c.options, lang),
            )
            for c in columns.values()
        ]
        parts += [f"### {FILES.get(name, name)}.csv", table(say("study.column-heads", lang), rows)]
    parts += [f"## {say('study.asked', lang)}", say("study.asked-note", lang)]
    for book in rulebooks():
        parts += asked_by(book, lang)
    return page(say("study.title", lang), *parts)


def library_page(lang: Lang) -> str:
    sources = ("src/tanbiao/library/tables.csv", "src/tanbiao/library/nature.csv")
    parts = [say("library.intro", lang), made_from(lang, *sources)]
    for name, columns in (*LIBRARY.items(), *NATURE.items()):
        rows = [
            (
                code(c.name),
                say(f"library.type/{c.holds}", lang),
                "✓" if c.required else "",
                with_options(plain(c.text[lang]) if c.text else "", c.words, lang),
            )
            for c in columns
        ]
        parts += [f"## {name}.csv", table(say("library.column-heads", lang), rows)]
    return page(say("library.title", lang), *parts)


def asked_by(book: Rulebook, lang: Lang) -> list[str]:
    """What one pack adds to a study: single data, then tables."""
    own = [c for c in book.pack.clauses if c.kind == "given"]
    single = [c for c in own if c.value_kind != "table"]
    if not own:
        return []
    parts = [
        f"### {book.pack.name}",
        f"{plain(book.pack.title[lang])}{say('stop', lang)}"
        f"[{say('study.clauses', lang)}](packs/{pack_file(book)}.{lang}.md)",
    ]
    if single:
        parts.append(
            table(
                say("study.given-heads", lang),
                [
                    (
                        code(c.path),
                        say(f"type/{c.value_kind}", lang),
                        code(c.unit.text),
                        basis_words(c.basis),
                        with_options(plain(c.text[lang]), c.options, lang)
                        + ("" if c.required else say("study.absent", lang)),
                    )
                    for c in single
                ],
            )
        )
    for clause in own:
        if clause.value_kind == "table":
            under = say("study.belongs", lang, parent=clause.parent) if clause.parent else ""
            file = code(FILES.get(clause.name, clause.name) + ".csv")
            rows = [
                (
                    code(c.name),
                    say(f"type/{c.kind}", lang),
                    code(c.unit.text),
                    basis_words(c.basis),
                    with_options(plain(c.text[lang]) if c.text else "", c.options, lang),
                )
                for c in clause.columns
            ]
            parts += [
                f"{file}{say('colon', lang)}{plain(clause.text[lang])}{under}",
                table(say("study.table-heads", lang), rows),
            ]
    return parts


def basis_words(words: Basis) -> str:
    return basis_text(words) if words else ""


def with_options(text: str, options: Sequence[str], lang: Lang) -> str:
    return (say("colon", lang) if text and options else "").join((text, " ".join(map(code, options))))


def line_page(lang: Lang) -> str:
    rows = [
        (code(f"line.{c.name}"), say(f"type/{c.kind}", lang), code(c.unit.text), plain(c.text[lang]))
        for c in line_columns().values()
    ]
    return page(
        say("line.title", lang),
        say("line.intro", lang),
        made_from(lang, "src/tanbiao/standards/line.csv"),
        table(say("line.heads", lang), rows),
    )


def units_page(lang: Lang) -> str:
    groups: dict[str, list[Sequence[str]]] = {}
    for line in (SOURCE / "core" / "units.cfg").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, definition, *others = (p.strip() for p in line.split("="))
        names = [n for n in dict.fromkeys([*others, name]) if readable(n)]
        groups.setdefault(dimension_text(unit(names[0]).dimension), []).append(
            (" ".join(map(code, names)), "" if definition.startswith("[") else code(definition))
        )
    parts = [
        f"## {dimension}\n\n{table(say('units.heads', lang), rows)}" for dimension, rows in groups.items()
    ]
    return page(
        say("units.title", lang),
        say("units.intro", lang),
        made_from(lang, "src/tanbiao/core/units.cfg"),
        *parts,
    )


def readable(name: str) -> bool:
    try:
        unit(name)
    except UnitError:
        return False
    return True


# -- commands ------------------------------------------------------------------------------------------------


def commands_page(lang: Lang) -> str:
    import typer

    from tanbiao.cli.app import app
    from tanbiao.cli.console import in_language

    parts: list[str] = []
    index: list[Sequence[str]] = []

    def add(name: str, command: Any, level: int) -> None:
        title, does = f"tanbiao {name}", plain(in_language(command.help or "", lang))
        parts.append(f"{'#' * level} {title}\n\n{does}")
        if getattr(command, "commands", None):
            for inner in sorted(command.commands):
                add(f"{name} {inner}", command.commands[inner], level + 1)
            return
        index.append((f"[{code(title)}](#{title.replace(' ', '-')})", does))
        arguments = [p for p in command.params if not p.opts[0].startswith("-")]
        options = [p for p in command.params if p.opts[0].startswith("-") and p.name != "help"]
        usage = " ".join([title, *map(argument_words, arguments), *(("[…]",) if options else ())])
        parts.append(f"```\n{usage}\n```")
        rows = [
            (
                code(p.name.upper() if p in arguments else p.opts[0]),
                kind_of(p, lang),
                default_of(p),
                plain(in_language(p.help or "", lang)),
            )
            for p in (*arguments, *options)
        ]
        if rows:
            parts.append(table(say("commands.parameter-heads", lang), rows))

    group: Any = typer.main.get_command(app)
    for name in sorted(group.commands):
        add(name, group.commands[name], 2)
    return page(
        say("commands.title", lang),
        say("commands.intro", lang),
        made_from(lang, "src/tanbiao/cli"),
        table(say("commands.heads", lang), index),
        *parts,
    )


def argument_words(parameter: Any) -> str:
    name = parameter.name.upper() + ("…" if parameter.nargs == -1 or parameter.multiple else "")
    return name if parameter.required else f"[{name}]"


def kind_of(parameter: Any, lang: Lang) -> str:
    annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    name = getattr(annotation, "__name__", str(annotation))
    if parameter.multiple or str(annotation).startswith("list"):
        name = "list"
    known = WORDS["commands.types"].get(name)
    return known[lang] if known else name


def default_of(parameter: Any) -> str:
    value = parameter.default
    if callable(value) or value in (None, "", False) or parameter.required:
        return ""
    return code(" ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


# -- packs ---------------------------------------------------------------------------------------------------


def pack_file(book: Rulebook) -> str:
    return book.pack.name.replace("@", "-")


def review_counts(book: Rulebook) -> Counter[str]:
    return Counter(c.review for c in book.pack.clauses)


def packs_table(lang: Lang, below: str = "") -> str:
    """Packs with the counts of their review marks. below: where their pages lie, seen from the page."""
    rows, total = [], Counter[str]()
    for book in rulebooks():
        counts = review_counts(book)
        total += counts
        rows.append(
            (
                f"[{code(book.pack.name)}]({below}{pack_file(book)}.{lang}.md)",
                plain(book.pack.title[lang]),
                plain(book.pack.status),
                str(len(book.pack.clauses)),
                *(str(counts[r]) for r in REVIEWS),
                str(len(book.pack.cases)),
            )
        )
    rows.append(
        (
            say("packs.all", lang),
            "",
            "",
            str(sum(total.values())),
            *(str(total[r]) for r in REVIEWS),
            str(sum(len(b.pack.cases) for b in rulebooks())),
        )
    )
    return table(say("packs.heads", lang), rows)


def packs_in_short(lang: Lang, below: str) -> str:
    """Packs by issuer with the counts of their marks, and the full table folded away."""
    groups: dict[str, list[Rulebook]] = {name: [] for name in WORDS["packs.groups"]}
    for book in rulebooks():
        first = book.pack.id.partition(".")[0]
        groups[first if first in groups else "other"].append(book)
    rows = []
    for name, books in (*groups.items(), ("all", list(rulebooks()))):
        counts = sum(map(review_counts, books), Counter[str]())
        title = say("packs.all", lang) if name == "all" else say(f"packs.groups/{name}", lang)
        rows.append(
            (
                title,
                str(len(books)),
                str(sum(counts.values())),
                *(str(counts[m]) for m in REVIEWS),
                str(sum(len(b.pack.cases) for b in books)),
            )
        )
    folded = (
        f"<details>\n<summary>{say('packs.each', lang)}</summary>\n\n{packs_table(lang, below)}\n\n</details>"
    )
    return f"{table(say('packs.group-heads', lang), rows)}\n\n{folded}"


def packs_page(lang: Lang) -> str:
    none = "" if any(review_counts(b)["verified"] for b in rulebooks()) else say("packs.none", lang)
    marks = table(say("packs.mark-heads", lang), [(code(r), say(f"review/{r}", lang)) for r in REVIEWS])
    return page(
        say("packs.title", lang),
        none,
        say("packs.warning", lang),
        made_from(lang, "packs"),
        packs_table(lang),
        marks,
        say("packs.how", lang),
    )


def pack_page(book: Rulebook, lang: Lang) -> str:
    pack, counts = book.pack, review_counts(book)
    values = (
        code(pack.version),
        plain(pack.status),
        plain(pack.jurisdiction),
        plain(", ".join(f"{k} {v}" for k, v in pack.dates.items())),
        ", ".join(pack_link(n, lang) for n in pack.builds_on),
        plain(source_words(pack.source)),
        plain(pack.licence),
        "; ".join(f"{counts[r]} × {say(f'review/{r}', lang)}" for r in REVIEWS if counts[r]),
    )
    head = [(k, v) for k, v in zip(say("pack.facts", lang), values, strict=True) if v]
    own = counts["memory"] + counts["secondary"] + counts["transcribed"]
    parts = [
        "" if counts["verified"] or not own else say("pack.none", lang),
        "> " + plain(pack.caution[lang]) if pack.caution is not None else "",
        table((" ", " "), head),
        made_from(lang, f"packs/{'/'.join(pack.folder.parts[-3:])}"),
        f"## {say('pack.clauses', lang)}",
        *(clause_part(c, book, lang) for c in pack.clauses),
    ]
    if pack.tables:
        parts.append(f"## {say('pack.tables', lang)}")
        parts += [
            f"### {name}\n\n{table_part(pack.folder / 'tables' / f'{name}.csv')}" for name in pack.tables
        ]
    if pack.cases:
        parts += [
            f"## {say('pack.cases', lang)}",
            say("pack.cases-note", lang, name=pack.name),
            *(case_part(c, lang) for c in pack.cases),
        ]
    return page(plain(pack.title[lang]), *parts)


def pack_link(name: str, lang: Lang) -> str:
    known = {b.pack.name: b for b in rulebooks()}
    bare = name.partition("+")[0]
    return f"[{code(name)}]({pack_file(known[bare])}.{lang}.md)" if bare in known else code(name)


def source_words(source: Mapping[str, Any]) -> str:
    return "; ".join(str(v) if k == "document" else f"{k} {v}" for k, v in source.items() if v)


def table_part(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads, kinds, *body = (row for row in csv.reader(file) if any(row))
    return table(heads, [[code(k) for k in kinds], *([plain(c) for c in row] for row in body)])


def clause_part(clause: Clause, book: Rulebook, lang: Lang) -> str:
    """One clause: number, kind and mark; our words; then what it holds, as a list."""
    upper = next((c for p in book.packs for c in p.clauses if c.address == clause.fills), clause)
    kind = f"{code(clause.kind)} {say(f'kind/{clause.kind}', lang)}"
    if clause.kind == "check":
        kind += f" ({say(f'severity/{clause.severity}', lang)})"
    number = plain(clause.number or upper.number)
    first = " · ".join(p for p in (number, kind, say(f"review/{clause.review}", lang)) if p)
    facts = [
        ("fills", code(clause.fills or "")),
        ("replaces", code(clause.replaces or "")),
        ("open", say("clause/open-text", lang) if clause.open else ""),
        ("for", code(subject_words(clause))),
        ("when", code(clause.when.source) if clause.when else ""),
        ("formula", code(clause.formula.source) if clause.formula else ""),
        ("value", code(value_words(clause))),
        ("alternative", code(", ".join(f"{k}: {v}" for k, v in clause.alternative.items()))),
        ("unit", code(clause.unit.text)),
        ("basis", code(basis_words(clause.basis))),
        ("from", code(clause.path) if clause.kind == "given" and clause.value_kind != "table" else ""),
        ("table", code(clause.table)),
        ("of", code(clause.of)),
        ("rounding", rounding_words(clause, lang)),
        *(("option", option_words(o)) for o in clause.first),
        ("style", code(clause.style)),
        (
            "levels",
            code(", ".join(f"{k}: {v}" for k, v in dict(clause.settings.get("levels") or {}).items())),
        ),
        ("remedy", plain(clause.remedy[lang]) if clause.remedy else ""),
        ("source", plain(source_words(clause.source))),
    ]
    colon = say("colon", lang)
    listed = "\n".join(f"- {say(f'clause/{key}', lang)}{colon}{text}" for key, text in facts if text)
    words = plain(clause.text[lang] or upper.text[lang])
    return "\n\n".join(p for p in (f"### {clause.id}", first, words, listed) if p)


def subject_words(clause: Clause) -> str:
    if clause.subject is None:
        return ""
    return clause.subject.table + (f" where {clause.subject.where.source}" if clause.subject.where else "")


def option_words(option: Option) -> str:
    bits = [
        f"when {option.when.source}" if option.when else "",
        f"key {option.key.source}" if option.key else "",
        f"provider {option.provider.source}" if option.provider else "",
        *(
            f"{t.provider} × ({t.coefficient.source}) → {t.stage or '='}, {t.account}"
            for t in option.lines or ()
        ),
    ]
    return " ".join([f"**{plain(option.name)}**", *(code(b) for b in bits if b)])


def rounding_words(clause: Clause, lang: Lang) -> str:
    rule = clause.rounding
    if rule is None:
        return ""
    return f"{say(f'clause/{rule.kind}', lang, digits=str(rule.digits))}, {say(f'clause/{rule.half}', lang)}"


def value_words(clause: Clause) -> str:
    if clause.value is None or clause.kind not in ("define", "given"):
        return ""
    if isinstance(clause.value.data, bool):
        return str(clause.value.data).lower()
    if isinstance(clause.value.data, str):
        return clause.value.data
    number = clause.value.number()
    text = str(number) if getattr(number, "denominator", 0) == 1 else f"{float(number):g}"
    return f"{text} {clause.value.unit.text}".strip()


def case_part(raw: Mapping[str, Any], lang: Lang) -> str:
    printed = {str(k): str(v) for k, v in (raw.get("printed") or {}).items()}
    rows = [
        (code(k), code(listed(v)), plain(printed.pop(str(k), "")))
        for k, v in (raw.get("expect") or {}).items()
    ]
    rows += [(code(k), code(listed(v)), "") for k, v in (raw.get("findings") or {}).items()]
    rows += [(code(k), "", plain(v)) for k, v in printed.items()]
    facts = zip(say("pack.case-facts", lang), (raw.get("source"), raw.get("note")), strict=True)
    notes = "\n".join(f"- {word}{say('colon', lang)}{plain(in_lang(v, lang))}" for word, v in facts if v)
    return "\n\n".join(
        p
        for p in (
            f"### {raw.get('id')}",
            plain(in_lang(raw.get("title") or "", lang)),
            table(say("pack.case-heads", lang), rows),
            notes,
        )
        if p
    )


def listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def in_lang(value: Any, lang: Lang) -> str:
    return str(value.get(lang) or source_words(value)) if isinstance(value, Mapping) else str(value)


# -- pictures ------------------------------------------------------------------------------------------------

STYLE = """body { margin: 0; background: #e9e6df; display: flex; gap: 28px; padding: 28px; align-items: flex-start }
.label { width: 392px; flex: none } .label svg { width: 392px; height: auto; display: block }
img { width: 724px }"""


def pictures(demo: Path) -> None:
    """docs/images/demo.{en,zh}.png: a label beside the first page of its report, from what `tanbiao demo` wrote."""
    chromium = next((c for c in ("chromium", "chromium-browser", "google-chrome") if shutil.which(c)), None)
    if chromium is None:
        raise SystemExit("chromium is not installed")
    (ROOT / "docs/images").mkdir(exist_ok=True)
    for lang in LANGS:
        label = (demo / f"lfp-pack.label.{lang}.svg").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            both = Path(folder) / "both.html"
            report = (demo / f"lfp-pack.report.{lang}.html").resolve()
            shoot(chromium, report, Path(folder) / "report.png", 1000, 1230)
            both.write_text(
                f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>'
                f'<div class="label">{label}</div><img src="report.png">',
                encoding="utf-8",
            )
            target = ROOT / "docs/images" / f"demo.{lang}.png"
            shoot(chromium, both, target, 1200, 946)
            print(target.relative_to(ROOT), target.stat().st_size)


def shoot(chromium: str, source: Path, target: Path, width: int, height: int) -> None:
    subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={width},{height}",
            f"--screenshot={target}",
            source.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--pictures"]:
        pictures(Path(arguments[1]))
    elif arguments[:1] == ["--check"]:
        stale = differing()
        print("\n".join(stale) or "docs/reference is up to date")
        return 1 if stale else 0
    else:
        write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

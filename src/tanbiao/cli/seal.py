"""`tanbiao bundle`, `tanbiao verify`: seal a study, and check a sealed one by computing it again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from .console import (
    JsonOption,
    LangOption,
    PackOption,
    PackRootOption,
    console,
    print_json,
    print_problems,
    read_lang,
    read_places,
    reporting,
)


def bundle(
    study: Path,
    out: Annotated[Path | None, typer.Option("--out", help="file / 文件")] = None,
    pack: PackOption = None,
    confidential: Annotated[bool, typer.Option(help="withhold the data / 不含数据")] = False,
    issuer: str = "",
    lang: LangOption = None,
    packs: PackRootOption = None,
) -> None:
    """Sign the results and put study, packs, library data and ledger into one file. / 签名并打包。"""
    from ..service.bundle import make_bundle, signing_key
    from ..service.files import write

    lang_ = read_lang(lang)
    with reporting(lang_):
        key = signing_key()
        data = make_bundle(
            study,
            key=key,
            issued=dt.datetime.now(dt.UTC).replace(microsecond=0),
            places=read_places(packs),
            packs=pack or (),
            issuer=issuer,
            confidential=confidential,
        )
        suffix = ".confidential.tanbiao" if confidential else ".tanbiao"
        path = write(out or Path(f"{study.resolve().name}{suffix}"), data)
        console.print(f"{path}  [dim]{len(data):,} B · {key.public.thumbprint}[/dim]")


def verify(
    file: Annotated[Path, typer.Argument(help="bundle / 证据包")],
    key: Annotated[
        str | None, typer.Option(help="thumbprint the signer must have / 要求的签名人指纹")
    ] = None,
    digests_only: Annotated[bool, typer.Option(help="do not compute again / 不重新计算")] = False,
    lang: LangOption = None,
    json: JsonOption = False,
    packs: PackRootOption = None,
) -> None:
    """Signatures, digests, and the whole evaluation again; says which level it reached. / 复核证据包。"""
    from ..seal.verify import LEVELS, VERDICTS
    from ..service.bundle import verify_bundle

    lang_ = read_lang(lang)
    with reporting(lang_, json):
        found = verify_bundle(
            file,
            recompute=not digests_only,
            key=key,
            now=dt.datetime.now(dt.UTC),
            places=read_places(packs),
        )
        if json:
            print_json(found.data())
        else:
            mark = {0: "[green]✓[/green]", 1: "[red]✗[/red]"}.get(found.exit_code, "[yellow]?[/yellow]")
            console.print(
                f"{mark} [bold]{VERDICTS[found.verdict][lang_]}[/bold]  {LEVELS[found.level][lang_]}"
            )
            if found.statement is not None:
                for figure in found.statement.figures:
                    console.print(f"  {figure.pack}  {figure.name}  {figure.published} {figure.unit}")
            for signer in found.signers:
                who = ", ".join(x for x in (signer.issuer, signer.body, signer.certificate) if x)
                words = ("签名人", "有效至") if lang_ == "zh" else ("signed by", "valid until")
                console.print(
                    f"  [dim]{words[0]} {signer.thumbprint}  {who or signer.state}  "
                    f"{signer.issued:%Y-%m-%d}, {words[1]} {signer.valid_until:%Y-%m-%d}[/dim]",
                    soft_wrap=True,
                )
            print_problems(found.problems, lang_)
        if found.exit_code:
            raise typer.Exit(found.exit_code)

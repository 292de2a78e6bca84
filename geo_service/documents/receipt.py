"""What is written whenever somebody asks: the receipt of a request, its site plan, the blank form."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy.orm import Session

from geo_service.as_written import Language
from geo_service.documents.kept_documents import documents_left, list_documents
from geo_service.documents.paper import draw_sheet, qr_picture
from geo_service.documents.site_plan import draw_site_plan
from geo_service.errors import NotFound, Rejected
from geo_service.occupations.use_types import use_types
from geo_service.permits.notice_facts import notice_facts
from geo_service.permits.permit import Permit
from geo_service.towns.town import Town


class NotFiledYet(Rejected):
    """A draft has not been received by anybody; file it first."""


class NoSuchUse(NotFound):
    """There is no such use."""


def draw_receipt(session: Session, permit: Permit, town: Town, *, language: Language, address: str) -> bytes:
    """That and what the town has received. address: of this service. Raises NotFiledYet."""
    if permit.reference is None or permit.filed_at is None:
        raise NotFiledYet()
    documents = list_documents(session, permit.permit_id)
    follow = f"{address}/permits/{permit.reference}"
    facts = notice_facts(session, permit, town, reason=None, as_of=permit.updated_at)
    texts = town.texts(language)
    return draw_sheet(
        "receipt.html",
        language,
        case=facts["case"],
        town={**facts["town"], "contact": texts.contact},
        documents=documents_left(documents),
        missing=facts["missing_documents"],
        follow=follow,
        has_link=permit.filed_by != "counter" or bool(permit.applicant and permit.applicant.email),
        follow_picture=qr_picture(follow),
    )


def draw_plan_sheet(session: Session, permit: Permit, town: Town, *, language: Language) -> bytes:
    """The site plan of a case on a sheet of its own."""
    plan = draw_site_plan(
        session,
        permit_id=permit.permit_id,
        town=town.ags,
        area=permit.use.area,
        period=permit.use.period,
        language=language,
    )
    facts = notice_facts(session, permit, town, reason=None, as_of=permit.updated_at)
    return draw_sheet("site_plan.html", language, case=facts["case"], town=facts["town"], plan=plan)


def draw_form(town: Town, use_type: str, *, language: Language, address: str) -> bytes:
    """The blank form of a use, for people who come to the counter. Raises NoSuchUse."""
    if use_type not in use_types():
        raise NoSuchUse()
    apply = f"{address}/towns/{town.slug}/apply"
    return _form(town.name, town.kind, town.texts(language).contact, town.demo, use_type, language, apply)


@lru_cache(maxsize=256)  # the public asks for it as often as it likes
def _form(  # noqa: PLR0913, PLR0917 - what the sheet depends on, nothing else
    name: str, kind: str, contact: str, demo: bool, use_type: str, language: Language, apply: str
) -> bytes:
    return draw_sheet(
        "form.html",
        language,
        town={"name": name, "kind": kind, "contact": contact, "demo": demo},
        use=use_types()[use_type],
        apply=apply,
        apply_picture=qr_picture(apply),
    )

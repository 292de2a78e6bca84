"""One case as people live it: filed, asked about, answered, a neighbour consulted, granted, extended, revoked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from shutil import rmtree

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from geo_service.db.database import Database
from geo_service.jobs.queue import MAIL
from geo_service.messages.mail_server import MailServer
from geo_service.settings import Settings
from geo_service.worker.run import work_until_empty
from tests.browser.conftest import Watched
from tests.browser.test_pages import lonlat_of
from tests.clients.server import serving
from tests.documents.readback import Sheet, read_sheet
from tests.messages.conftest import Post
from tests.quick_folder import quick_folder

pytestmark = pytest.mark.browser

EMAIL = "erika.walk@example.org"  # of this walk alone: other files file in the same database, and their mails wait
CONDITION = "Gehweg 1,50 m freihalten"
WHY = "Die Fassade ist einsturzgefährdet."
PLACE = (
    100,
    344.8,
)  # metres from the middle of the test's ground: the outer edge of the footway of Teststraße


@dataclass
class Walk:
    """A service that can send, and each person with a browser of their own."""

    browser: Browser
    address: str
    database: Database
    post: Post
    mail: MailServer
    people: list[tuple[Watched, BrowserContext]]

    def person(self, *expected: int) -> Page:
        """A fresh browser of somebody who meets these refusals and no other fault."""
        context = self.browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        watched = Watched(context.new_page(), self.address, expected=set(expected))
        watched.watch()
        self.people.append((watched, context))
        return watched.page

    def clerk(self, town: str, *expected: int) -> Page:
        """Somebody at the desk of a town, signed in."""
        page = self.person(*expected)
        page.goto(f"{self.address}/towns/{town}/desk")
        page.click("#demo-clerk")
        page.locator("#views").wait_for()
        return page

    def letters(self) -> list[str]:
        """What has been sent to the applicant so far."""
        with ThreadPoolExecutor(1) as pool:  # Playwright keeps the loop of this thread
            pool.submit(work_until_empty, self.database, queue=MAIL, server=self.mail).result()
        return [str(mail.get_content()) for mail in self.post.mails if mail["To"] == EMAIL]


@pytest.fixture
def walk(browser: Browser, browser_database: Database, open_post: Callable[..., Post]) -> Iterator[Walk]:
    post = open_post()
    assert post.server is not None
    home = quick_folder("gs-walk-")
    home.chmod(0o755)  # the server's user may look in
    settings = Settings(
        demo=True, home=home, mail_from="dienst@kreis.example", _env_file=None,
        smtp_url=f"smtp://127.0.0.1:{post.server.port}",
    )  # fmt: skip
    with serving(browser_database, settings) as address:
        mail = replace(post.server, base_url=address)
        found = Walk(browser, address, browser_database, post, mail, [])
        yield found
        for _, context in found.people:
            context.close()
    rmtree(home)
    assert [fault for watched, _ in found.people for fault in watched.faults] == []


def file_request(page: Page) -> str:
    """A rectangle by its size, filed with an address for mail; the reference."""
    page.wait_for_selector("[data-ready]")
    page.evaluate(
        "([lat, lon]) => GeoService.map.setView([lat, lon], 19, {animate: false})", [*lonlat_of(*PLACE)]
    )
    page.click("#draw-rectangle")
    page.fill("#length_m", "6")
    page.fill("#depth_m", "0.4")
    page.click("#place-rectangle")
    page.locator("[data-verdict]").wait_for()
    assert page.locator(".town-map .marker-icon").count() > 0  # corners to drag, as long as nothing is filed
    page.fill("#purpose", "Fassade streichen")
    page.fill("#name", "Erika Mustermann")
    page.fill("#email", EMAIL)
    page.click("#file-button")
    page.locator("#reference").wait_for()
    return page.inner_text("#reference")


def step(page: Page, to: str, status: str | None = None) -> None:
    """One step at the desk."""
    page.click(f"#decide-form button[value={to}]")
    page.locator(f"#status[data-status={status or to}]").wait_for()


def enter_order(page: Page, number: str) -> None:
    page.fill("#order_number", number)
    page.locator("#facts-form button").click()
    page.locator(f"#order_number[value='{number}']").wait_for()


def notice(page: Page, decision: str) -> Sheet:
    """The notice as the person whose page it is downloads it."""
    address = page.locator(f"a[data-notice={decision}]").first.evaluate("link => link.href")
    return read_sheet(page.context.request.get(address).body())


def open_by_mail(walk: Walk, citizen: Page) -> str:
    """The case opened by the link that has come by mail; its address."""
    (letter,) = walk.letters()
    link = re.search(r"http://\S+", letter)
    assert link
    citizen.goto(link[0])
    citizen.locator("#status[data-status=submitted]").wait_for()
    return citizen.url


def ask_and_answer(clerk: Page, citizen: Page) -> None:
    step(clerk, "in_review")
    clerk.fill("#reason", "Wie hoch wird das Gerüst?")
    step(clerk, "more_information_needed")
    citizen.reload()
    assert "Wie hoch wird das Gerüst?" in citizen.inner_text("#asked")
    citizen.fill("#reason", "8 Meter.")
    citizen.click("#step-in_review")
    citizen.locator("#status[data-status=in_review]").wait_for()
    clerk.reload()


def consult_the_neighbour(walk: Walk, clerk: Page, reference: str) -> None:
    clerk.select_option("#asked_town", label="Viernheim")
    clerk.fill("#question", "Bestehen Bedenken?")
    clerk.locator("#consult-form button").click()
    clerk.locator("#status[data-status=in_consultation]").wait_for()
    neighbour = walk.clerk("viernheim")
    neighbour.locator("#asked-of-us a").click()
    neighbour.get_by_role("link", name=reference).click()
    neighbour.locator("input[value=conditions]").check()
    neighbour.fill("#words", CONDITION)
    neighbour.locator("#answer-form button").click()
    neighbour.locator("#answer").wait_for()
    assert "Erika" not in neighbour.content()
    clerk.reload()


def grant_with_conditions(clerk: Page) -> None:
    """Refused first, because the traffic order is missing (K26); the refusal leads to where it is entered."""
    assert clerk.input_value("#conditions") == CONDITION
    both = f"{CONDITION}\nNachts beleuchten"
    clerk.fill("#conditions", both)
    clerk.click("#decide-form button[value=granted]")
    clerk.locator("#refusal").get_by_role("link", name="Anordnung jetzt eintragen").click()
    expect(clerk.locator("#order_number")).to_be_focused()
    enter_order(clerk, "VRA-1")
    assert clerk.input_value("#conditions") == both  # what was typed outlives the other form
    step(clerk, "granted")
    assert "Demo (Sachbearbeitung)" in clerk.inner_text(".history")


def extend(citizen: Page, clerk: Page, desk: str) -> str:
    """Until a day of one digit in the next year; granted with what the permit was bound to. The reference."""
    last = citizen.locator("#until").get_attribute("min")
    assert last is not None
    citizen.fill("#until", f"{int(last[:4]) + 1}-01-08")
    citizen.locator("#extend-form button").click()
    citizen.locator("#parent").wait_for()
    assert f"08.01.{int(last[:4]) + 1}" in citizen.locator(".facts").first.inner_text()
    longer = citizen.inner_text("h1").split()[0]
    clerk.goto(f"{desk}/{longer}")
    step(clerk, "in_review")
    enter_order(clerk, "VRA-2")
    assert clerk.input_value("#conditions") == f"{CONDITION}\nNachts beleuchten"
    step(clerk, "granted")
    return longer


def test_from_the_request_to_the_revocation(walk: Walk) -> None:
    citizen, clerk = walk.person(), walk.clerk("bensheim", 409)
    desk = f"{walk.address}/towns/bensheim/desk/cases"
    citizen.goto(f"{walk.address}/towns/bensheim/apply")
    reference = file_request(citizen)
    assert citizen.locator(".town-map .marker-icon").count() == 0  # what is filed stays where it is
    assert EMAIL in citizen.inner_text("#link-by-mail")
    case = open_by_mail(walk, citizen)
    clerk.goto(f"{desk}/{reference}")
    ask_and_answer(clerk, citizen)
    consult_the_neighbour(walk, clerk, reference)
    grant_with_conditions(clerk)
    citizen.reload()
    paper = notice(citizen, "granted")
    for words in (reference, "Erika Mustermann", CONDITION, "Nachts beleuchten", "VRA-1"):
        assert words in paper.text, words
    longer = extend(citizen, clerk, desk)
    clerk.goto(f"{desk}/{reference}")
    assert clerk.get_by_label(f"Auch die Verlängerung {longer} widerrufen").is_checked()
    clerk.fill("#reason", WHY)
    step(clerk, "revoked")
    for own in (case, citizen.url):
        citizen.goto(own)
        citizen.locator("#status[data-status=revoked]").wait_for()
        assert WHY in notice(citizen, "revoked").text
    assert (
        len(walk.letters()) == 7
    )  # receipt, question, grant; receipt and grant of the extension; two revocations


def test_whoever_files_at_the_counter_hears_that_the_link_comes_by_mail_too(walk: Walk) -> None:
    email = "hilde.walk@example.org"
    clerk = walk.clerk("bensheim")
    clerk.click("#to-counter")
    clerk.wait_for_selector("[data-ready]")
    clerk.fill("#name", "Hilde Post")
    clerk.fill("#email", email)
    clerk.fill("#street", "teststr.")
    clerk.press("#street", "Tab")
    clerk.locator("#stretch option[value*=':']").wait_for(state="attached")
    clerk.locator("#result .result").wait_for()
    clerk.click("#file-button")
    reference = clerk.inner_text("#reference")
    assert email in clerk.inner_text("#link-by-mail")
    walk.letters()
    (letter,) = [mail for mail in walk.post.mails if mail["To"] == email]
    assert reference in str(letter["Subject"]) + str(letter.get_content())

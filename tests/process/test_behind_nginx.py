"""The blog below a path of a site that nginx serves, with the location of deploy/nginx.conf."""

import getpass
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.process.processes import ROOT, SECRETS, eventually, free_port, run, serving, status_of
from tests.support.problems import problem_in

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIGURATION = """
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream colophon {{ server {upstream}; }}
    server {{
        listen 127.0.0.1:{port};
        {location}
        location / {{ return 404; }}
    }}
}}
"""
pytestmark = [
    pytest.mark.one_database,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]


def location(*, taken_off: bool) -> str:
    """That of deploy/nginx.conf, below /blog/."""
    shipped = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    found = re.search(r"^    location / \{\n.*?^    \}$", shipped, re.DOTALL | re.MULTILINE)
    assert found
    below = found[0].replace("location / {", "location /blog/ {")
    return below.replace("http://colophon;", "http://colophon/;") if taken_off else below


@contextmanager
def nginx(folder: Path, server: str, *, taken_off: bool) -> Iterator[str]:
    folder.mkdir()
    port = free_port()
    upstream = server.removeprefix("http://")
    below = location(taken_off=taken_off)
    text = CONFIGURATION.format(user=getpass.getuser(), folder=folder, port=port, upstream=upstream, location=below)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    assert NGINX
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as proxy:
        try:
            site = f"http://127.0.0.1:{port}"
            assert status_of(f"{site}/blog/api/v1/tags", proxy) == 200
            yield site
        finally:
            proxy.terminate()
            proxy.wait(10)


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Where the server is, the password of its editor, and its folder."""
    folder = tmp_path_factory.mktemp("blog")
    settings = SECRETS | {
        "ROOT_PATH": "/blog/",
        "AUTH_COOKIE": "strict",
        "TRUSTED_PROXIES": "127.0.0.1",
        "FRONTEND_URL": "http://localhost/read",
        "DATABASE_URL": f"sqlite:///{folder}/blog.db",
    }
    run(sys.executable, "-m", "commands.migrate", cwd=folder, **settings)
    with serving(folder, **settings) as (_, server):
        said = run(sys.executable, "-m", "commands.seed_demo", cwd=folder, **settings)
        yield server, said.stdout.split()[-1], folder


@pytest.fixture(scope="module", params=[True, False], ids=["taken off", "left on"])
def site(
    blog: tuple[str, str, Path], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("site") / "nginx"
    with nginx(folder, blog[0], taken_off=request.param) as site, httpx.Client(base_url=site) as client:
        yield client


def test_lists_lead_on_to_their_end(site: httpx.Client) -> None:
    slugs = []
    url: str | None = "/blog/api/v1/articles?limit=2"
    while url is not None:
        page = site.get(url)
        assert page.status_code == 200
        assert page.headers["ETag"]
        slugs += [article["slug"] for article in page.json()["items"]]
        url = page.links.get("next", {}).get("url")
        assert url is None or url.startswith("/blog/")

    assert len(slugs) == len(set(slugs)) > 2
    assert slugs == [article["slug"] for article in site.get("/blog/api/v1/articles?limit=100").json()["items"]]


def test_what_is_known_already_is_not_sent_again(site: httpx.Client) -> None:
    etag = site.get("/blog/api/v1/tags").headers["ETag"]

    assert site.get("/blog/api/v1/tags", headers={"If-None-Match": etag}).status_code == 304


def test_the_documentation_leads_to_what_there_is(site: httpx.Client) -> None:
    [schema] = re.findall(r"url: '([^']+)'", site.get("/blog/docs").text)
    document = site.get(schema).json()
    [server] = document["servers"]

    assert site.get(server["url"] + "/api/v1/categories").status_code == 200
    assert site.get(re.findall(r'spec-url="([^"]+)"', site.get("/blog/redoc").text)[0]).status_code == 200
    token_url = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]["tokenUrl"]
    assert site.post(token_url, json={}).status_code == 422


def test_a_browser_stays_logged_in(site: httpx.Client, blog: tuple[str, str, Path]) -> None:
    origin = {"Origin": "http://localhost"}
    login = {"username": "margaret", "password": blog[1], "use_cookie": True}
    with httpx.Client(base_url=site.base_url) as browser:
        logged_in = browser.post("/blog/api/v1/auth/login", json=login, headers=origin)
        assert logged_in.status_code == 200, logged_in.text
        # The browser sends it to the routes that need it, and nowhere else.
        assert [cookie.path for cookie in browser.cookies.jar] == ["/blog/api/v1/auth"]

        refreshed = browser.post("/blog/api/v1/auth/refresh", json={}, headers=origin)
        assert refreshed.status_code == 200, refreshed.text
        bearer = {"Authorization": f"Bearer {refreshed.json()['access_token']}"}
        sessions = browser.get("/blog/api/v1/auth/sessions", headers=bearer).json()
        assert any(session["is_current"] for session in sessions)
        browser.post("/blog/api/v1/auth/logout", headers=bearer)


def test_mails_lead_to_the_frontend(site: httpx.Client, blog: tuple[str, str, Path]) -> None:
    mails = blog[2] / "var" / "mail"
    before = set(mails.iterdir())

    asked = site.post("/blog/api/v1/auth/forgot-password", json={"email": "margaret@example.com"})

    assert asked.status_code == 202
    eventually(lambda: set(mails.iterdir()) != before, "a mail")
    [mail] = set(mails.iterdir()) - before
    assert "http://localhost/read/reset-password?token=" in mail.read_text().replace("=\n", "").replace("=3D", "=")


def test_an_address_arrives_in_whatever_form(site: httpx.Client, blog: tuple[str, str, Path]) -> None:
    # This test asks from the address that is trusted, as another proxy would.
    way = {"X-Forwarded-For": '"[2001:db8::1]:443"', "Forwarded": "for=198.51.100.1"}
    logged_in = site.post(
        "/blog/api/v1/auth/login", json={"email": "margaret@example.com", "password": blog[1]}, headers=way
    )
    bearer = {"Authorization": f"Bearer {logged_in.json()['access_token']}"}

    sessions = site.get("/blog/api/v1/auth/sessions", headers=bearer).json()

    [current] = [session for session in sessions if session["is_current"]]
    assert current["ip_address"] == "2001:db8::1"


@pytest.mark.parametrize("path", ["/blog/", "/blog/nowhere", "/blog/api/v1/articles/nothing"])
def test_errors_are_the_blogs_own(site: httpx.Client, path: str) -> None:
    problem = problem_in(site.get(path), 404, "article_not_found" if "articles" in path else "not_found")

    assert re.fullmatch("[0-9a-f]{32}", problem["instance"])


def test_only_what_is_below_is_the_blog(site: httpx.Client) -> None:
    for path in ("/api/v1/tags", "/blogs/api/v1/tags", "/openapi.json"):
        answer = site.get(path)

        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "text/html"


def test_strangers_hear_so_whatever_they_send(site: httpx.Client) -> None:
    refused = site.post(
        "/blog/api/v1/articles",
        content=json.dumps({"title": "x" * 900_000}),
        headers={"Content-Type": "application/json"},
    )

    problem_in(refused, 401, "not_authenticated")

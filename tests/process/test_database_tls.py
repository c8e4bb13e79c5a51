"""Encrypted connections to a PostgreSQL that has a certificate of its own authority."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from app.core import clock
from app.core.database_urls import usable_database_url
from app.db.session import create_engine
from tests.chaos.postgresql import PostgresqlCluster, as_whom, binaries

_IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def certificates() -> Iterator[Path]:
    folder = Path(mkdtemp(prefix="colophon-tls-"))
    folder.chmod(0o755)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.crt").write_bytes(made.public_bytes(Encoding.PEM))
    revocations = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(clock.now() - timedelta(days=1))
        .next_update(clock.now() + timedelta(days=1))
    )
    revoked = x509.RevokedCertificateBuilder().serial_number(made.serial_number).revocation_date(clock.now()).build()
    for file, listed in (("none.crl", revocations), ("server.crl", revocations.add_revoked_certificate(revoked))):
        (folder / file).write_bytes(listed.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    private = folder / "server.key"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    if whom := as_whom():
        os.chown(private, whom["user"], whom["group"])
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
async def port(certificates: Path) -> AsyncIterator[int]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed")
    files = {"ssl_cert_file": str(certificates / "server.crt"), "ssl_key_file": str(certificates / "server.key")}
    cluster = PostgresqlCluster(programs, ssl="on", **files)
    try:
        cluster.create()
        await cluster.start()
        yield cluster.port
    finally:
        await cluster.remove()


@pytest.mark.parametrize(
    ("host", "parameters", "outcome"),
    [
        ("localhost", "", True),
        ("localhost", "sslmode=disable", False),
        ("localhost", "sslmode=prefer", True),
        ("localhost", "sslmode=require", True),
        ("localhost", "ssl=true", True),
        ("localhost", "sslmode=verify-ca&sslrootcert={root}", True),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert={root}", True),
        ("localhost", "sslmode=verify-full&sslrootcert={root}", True),
        ("localhost", "sslmode=require&channel_binding=require&sslrootcert={root}", True),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={root}", "IP address mismatch"),
        ("localhost", "sslmode=verify-full&sslrootcert=system", "CERTIFICATE_VERIFY_FAILED"),
        # The driver knows no channel binding; a certificate that proves the server stands in for it.
        ("localhost", "sslmode=require&channel_binding=require", "CERTIFICATE_VERIFY_FAILED"),
    ],
)
async def test_the_modes_of_encryption(
    port: int, certificates: Path, host: str, parameters: str, outcome: bool | str
) -> None:
    await connect(port, host, parameters.format(root=certificates / "server.crt"), outcome)


@pytest.mark.parametrize(
    ("file", "outcome"),
    [(None, True), ("none.crl", True), ("server.crl", "certificate revoked"), ("server.crt", "unable to get .* CRL")],
)
@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=verify-ca&sslrootcert={root}",
        "sslmode=verify-full&sslrootcert={root}",
        "sslrootcert=system",
        "sslrootcert=system&ssl_min_protocol_version=TLSv1.3",
        "sslmode=require&channel_binding=require",
        "channel_binding=require&sslrootcert={root}",
    ],
)
async def test_certificates_that_were_revoked_are_refused_in_every_mode_that_looks_at_them(
    port: int,
    certificates: Path,
    monkeypatch: pytest.MonkeyPatch,
    parameters: str,
    file: str | None,
    outcome: bool | str,
) -> None:
    # Which the system then trusts.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "server.crt"))
    query = parameters.format(root=certificates / "server.crt")

    await connect(port, "localhost", f"{query}&sslcrl={certificates / file}" if file else query, outcome)


async def connect(port: int, host: str, query: str, outcome: bool | str) -> None:
    engine = create_engine(usable_database_url(f"postgres://postgres@{host}:{port}/postgres?{query}"))
    try:
        if isinstance(outcome, str):
            with pytest.raises(OSError, match=outcome):
                await engine.connect()
            return
        async with engine.connect() as connection:
            assert (await connection.execute(text(_IS_ENCRYPTED))).scalar_one() is outcome
    finally:
        await engine.dispose()

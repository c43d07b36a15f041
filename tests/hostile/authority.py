"""Certificates, good and bad, made with the `openssl` command."""

import ssl
import subprocess

PAST = (["-days", "-1"], ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"])  # old and new OpenSSL


class Authority:
    """A certificate authority of our own, made with the `openssl` command."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder, self.root, self.key = folder, folder / "root.pem", folder / "root.key"
        self._self_signed("root", "DNS:root.example")

    def trusted(self):
        return self.trusted_in(self.folder)

    @staticmethod
    def trusted_in(folder):
        """A context that trusts the authority that was made in `folder`."""
        return ssl.create_default_context(cafile=str(folder / "root.pem"))

    def server(self, name, subject, validity=("-days", "2")):
        """The context of a server whose certificate is for `subject` (`DNS:…` or `IP:…`)."""
        key, request, extensions = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "ext"))
        extensions.write_text(f"subjectAltName={subject}\n")
        self._openssl("req", "-new", *self._new_key(key), "-out", request)
        signing = ("-CA", self.root, "-CAkey", self.key, "-CAcreateserial", "-extfile", extensions, *validity)
        self._openssl("x509", "-req", "-in", request, *signing, "-out", self.folder / f"{name}.pem")
        return self._context(name)

    def expired(self, name, subject):
        """Raises CalledProcessError where the command makes no expired certificate."""
        try:
            return self.server(name, subject, PAST[0])
        except subprocess.CalledProcessError:
            return self.server(name, subject, PAST[1])

    def self_signed(self, name, subject):
        self._self_signed(name, subject)
        return self._context(name)

    def _self_signed(self, name, subject):
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        extension = ("-addext", f"subjectAltName={subject}", "-days", "2")
        self._openssl("req", "-x509", *self._new_key(key), *extension, "-out", certificate)

    def _context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context

    def _new_key(self, key):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test", "-keyout", key)

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

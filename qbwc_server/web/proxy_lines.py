"""The lines that Caddy needs for an installation; `deploy/` has the same with what else there is to say.

Source: deploy/Caddyfile and deploy/Caddyfile-prefix, which tests run a real Caddy on.
"""

from typing import Final
from urllib.parse import urlsplit

_BODY: Final = """\
\trequest_body {{
\t\tmax_size 256MiB
\t}}
\treverse_proxy 127.0.0.1:{port} {{
\t\ttransport http {{
\t\t\tresponse_header_timeout 150s
\t\t\tkeepalive 60s
\t\t}}
\t}}
}}"""
_OWN_NAME: Final = "{host} {{\n" + _BODY
_BELOW: Final = "redir {path} {path}/ 308\nhandle {path}/* {{\n" + _BODY


def caddy_lines(public_url: str, port: int) -> str:
    """Return the block for a name of its own, or the part that goes into the block of a site that is there."""
    parts = urlsplit(public_url)
    path = parts.path.rstrip("/")
    return (_BELOW if path else _OWN_NAME).format(host=parts.netloc, path=path, port=port)

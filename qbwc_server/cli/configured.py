"""The settings as commands need them: checked against the fields there are as well."""

from collections.abc import Mapping

from qbwc_server.qbxml.lists import LISTS
from qbwc_server.settings import Settings, load_settings


def configured(
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    opens_website: bool = False,
) -> Settings:
    """Gather the settings of this command.

    Args:
        overrides: what the command line says, by setting; None as a value means "not given".
        environ: the environment; the process's own when left out.
        opens_website: whether the website's tables are used; a mapping, which this version cannot follow, is then
            refused rather than ignored.

    Raises:
        SettingsError: an unknown key or a bad value, names in publish_private included.
    """
    fields = {f"{kind.name}.{field.name}": field.private for kind in LISTS for field in kind.fields}
    return load_settings(overrides, environ, fields=fields, mapping=not opens_website)

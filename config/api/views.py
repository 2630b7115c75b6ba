"""The API's own pages: its description, and the answer where there is nothing."""

from functools import cache
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


@cache
def described_in(language: str) -> Any:
    """The OpenAPI document. Writing it takes as long as hundreds of requests, and it is the same for all."""
    generator: Any = SchemaGenerator()
    return generator.get_schema(request=None, public=True)


class KeptDescription(SchemaGenerator):
    """Stands in for the generator, with what was generated before."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return described_in(get_language() or settings.LANGUAGE_CODE)


class Description(SpectacularAPIView):
    """The OpenAPI document; anyone may read it, so no token is looked at."""

    authentication_classes = []
    generator_class = KeptDescription
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]


class Documentation(SpectacularSwaggerSplitView):
    """The documentation page. Its script comes from an address of its own, as our Content-Security-Policy wants it."""

    authentication_classes = []
    url_name = "api:schema"
    template_name = "website/pages/api.html"


@extend_schema(exclude=True)
class UnknownAddress(APIView):
    """Answers every request under /api/ that nothing else answers."""

    permission_classes = [AllowAny]
    throttle_classes = []

    def initial(self, request: Request, *args: object, **kwargs: object) -> NoReturn:
        raise NotFound(_("There is nothing at this address. Addresses end with a slash; /api/v1/docs/ lists them all."))

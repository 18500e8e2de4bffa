"""What a route can ask for: the services, the caller, and the library as the caller sees it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from index.errors import NotAllowed
from qa.api.services import Services
from qa.visitors.caller import LOCAL, Caller
from qa.visitors.caller_qa import CallerQA


def services_of(request: Request) -> Services:
    """Return the services of the application."""
    services: Services = request.app.state.services
    return services


def caller_of(request: Request) -> Caller:
    """Return who makes the request, as the server's middleware found out.

    Raises:
        NotAllowed: It is not known, although there are accounts.
    """
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None and services_of(request).access:
        msg = "Log in first."
        raise NotAllowed(msg)
    return caller or LOCAL


def page_url_of(request: Request) -> str:
    """Return the address of the page, which ends with a slash.

    It is the public one, or that of the request, whose Host the server has checked.
    """
    public: str = request.app.state.public_url
    return f"{(public or str(request.base_url)).rstrip('/')}/"


ServicesOf = Annotated[Services, Depends(services_of)]
CallerOf = Annotated[Caller, Depends(caller_of)]


def library_of(services: ServicesOf, caller: CallerOf) -> CallerQA:
    """Return the library as the caller may use it."""
    return services.qa_for(caller)


PageUrlOf = Annotated[str, Depends(page_url_of)]
LibraryOf = Annotated[CallerQA, Depends(library_of)]

"""The limits of an application: everything that decides about a request, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Flask

from storefront.periodic import PeriodicTask
from storefront.rate_limiting import identity
from storefront.rate_limiting.crawlers import Crawlers
from storefront.rate_limiting.decision import DENIED, UNLIMITED, Decision, decision
from storefront.rate_limiting.gcra import Ask, Verdict
from storefront.rate_limiting.identity import ClientAddress, Identify, Places
from storefront.rate_limiting.limiter import Limiter
from storefront.rate_limiting.policies import Policy, table
from storefront.rate_limiting.statistics import Tally

FLUSH_INTERVAL = 0.1  # seconds


class Limits:
    """Decides about requests, in front of Flask and within.

    Raises:
        ConfigurationError: a setting names no policy, no rate or no network.
    """

    def __init__(self, app: Flask) -> None:
        config, roles = app.config, app.extensions["redis_roles"]
        self.policies = table(config["LIMIT_RATES"], config["LIMIT_SHADOW"])
        self.places = Places(
            identity.networks("STOREFRONT_LIMIT_ALLOW", config["LIMIT_ALLOW"]),
            identity.networks("STOREFRONT_LIMIT_DENY", config["LIMIT_DENY"]),
        )
        self._held = {
            name: replace(policy, exact=policy.exact and policy.exact_held)
            for name, policy in self.policies.items()
        }
        self.limiter = Limiter(roles, config["CACHE_PREFIX"], config["WORKERS"])
        self.tally = Tally(roles, config["CACHE_PREFIX"])
        self.crawlers = Crawlers() if config["LIMIT_VERIFY_CRAWLERS"] else None
        self.identify: list[Identify] = []
        self._flusher = PeriodicTask(
            "rate-limits-flusher", self._flush, FLUSH_INTERVAL, busy_interval=FLUSH_INTERVAL, idle_runs=20
        )

    def admit(
        self, environ: Mapping[str, Any], charges: Mapping[str, int], account: str = "", *, held: bool = False
    ) -> Decision:
        """Decide a request and spend what it costs: all limits together, or nothing. Never raises.

        Args:
            environ: the request's WSGI environment.
            charges: units by policy; none is free of charge.
            account: the account that the request names, for policies by account.
            held: its response is ready in this process.
        """
        if not charges:
            return UNLIMITED
        place = self.places.of(environ)
        if place.standing != "limited":
            if place.standing == "allowed":
                return UNLIMITED
            self.tally.deny(place.name)
            self._flusher.start()
            return DENIED
        asks = self._asks(environ, charges, account, place, self._held if held else self.policies)
        verdict, source = self.limiter.admit(asks)
        return self._told(asks, verdict, alone=source == "alone")

    def admit_at_once(self, environ: Mapping[str, Any], charges: Mapping[str, int]) -> Decision | None:
        """Decide a request for what this process holds, if it passes and Redis need not be asked; else None.

        Nothing is spent, counted or waited for then.
        """
        place = self.places.of(environ)
        if place.standing != "limited":
            return UNLIMITED if place.standing == "allowed" else None
        asks = self._asks(environ, charges, "", place, self._held)
        verdict = self.limiter.admit_at_once(asks)
        return self._told(asks, verdict) if verdict else None

    def _told(self, asks: list[Ask], verdict: Verdict, *, alone: bool = False) -> Decision:
        for ask in asks:
            self.tally.add(ask.policy.name, "asked")
            if alone:
                self.tally.add(ask.policy.name, "alone")
        if verdict.over:
            self.tally.refuse(verdict.over)
        self._flusher.start()
        return decision(verdict)

    def _asks(
        self,
        environ: Mapping[str, Any],
        charges: Mapping[str, int],
        account: str,
        place: ClientAddress,
        policies: Mapping[str, Policy],
    ) -> list[Ask]:
        asks = []
        for name, cost in charges.items():
            policy = policies[name]
            if name == "browse" and self._is_crawler(environ, place):
                policy = policies["crawler"]
            who = self._who(policy, environ, account, place)
            if who:
                asks.append(Ask(policy, who, cost if cost < policy.burst else policy.burst))
        return asks

    def _who(self, policy: Policy, environ: Mapping[str, Any], account: str, place: ClientAddress) -> str:
        if policy.by == "account":
            return identity.key(f"account:{account.strip().casefold()}") if account.strip() else ""
        if policy.by == "client":
            for identify in self.identify:
                if known := identify(environ):
                    return identity.key(known)
        return place.name

    def _is_crawler(self, environ: Mapping[str, Any], place: ClientAddress) -> bool:
        return (
            self.crawlers is not None
            and place.ip is not None
            and self.crawlers.good(place.ip, environ.get("HTTP_USER_AGENT", ""))
        )

    def _flush(self) -> bool:
        settled = self.limiter.settle()
        return self.tally.send() or settled

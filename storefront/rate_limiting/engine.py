"""All parts that decide about a request, put together for one application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import Flask

from storefront.app_state import AppState
from storefront.periodic import PeriodicTask
from storefront.rate_limiting import identity
from storefront.rate_limiting.crawlers import CrawlerVerifier
from storefront.rate_limiting.decision import DENIED, UNLIMITED, Decision, build_decision
from storefront.rate_limiting.gcra import Hit, Verdict
from storefront.rate_limiting.identity import ClientAddress, ClientAddressReader, Identifier
from storefront.rate_limiting.limiter import Limiter
from storefront.rate_limiting.policies import Policy, apply_settings, build_policies
from storefront.rate_limiting.statistics import LimitStatistics
from storefront.redis_roles import role_clients

FLUSH_INTERVAL = 0.1  # seconds


class RateLimitEngine:
    """Decides about requests, in front of Flask and within.

    Raises:
        ConfigurationError: a setting names an unknown policy, or holds an invalid rate or network.
    """

    def __init__(self, app: Flask, policies: Iterable[Policy] = (), reserved: Iterable[str] = ()) -> None:
        config, roles = app.config, role_clients.get(app)
        self._settings = config["LIMIT_RATES"], config["LIMIT_SHADOW"]
        self.policies = build_policies(*self._settings, policies, reserved)
        self.addresses = ClientAddressReader(
            identity.parse_networks("STOREFRONT_LIMIT_ALLOW", config["LIMIT_ALLOW"]),
            identity.parse_networks("STOREFRONT_LIMIT_DENY", config["LIMIT_DENY"]),
        )
        self._fast_path_policies = _for_fast_path(self.policies)
        self.limiter = Limiter(roles, config["CACHE_PREFIX"], config["WORKERS"])
        self.statistics = LimitStatistics(roles, config["CACHE_PREFIX"])
        self.crawlers = CrawlerVerifier() if config["LIMIT_VERIFY_CRAWLERS"] else None
        self.identifiers: list[Identifier] = []
        # Runs while there is something to send to Redis, and two seconds longer.
        self._flusher = PeriodicTask(
            "rate-limits-flusher", self._flush, FLUSH_INTERVAL, busy_interval=FLUSH_INTERVAL, idle_runs=20
        )

    def add_policies(self, policies: Iterable[Policy]) -> None:
        """Add policies before the first request, with the changes of the settings.

        Raises:
            ConfigurationError: a setting holds an invalid rate.
        """
        added = apply_settings(policies, *self._settings)
        self.policies |= added
        self._fast_path_policies |= _for_fast_path(added)

    def hit(
        self,
        environ: Mapping[str, Any],
        costs: Mapping[str, int],
        account: str = "",
        *,
        fast_path: bool = False,
        spend: bool = True,
    ) -> Decision:
        """Decide about a request and spend its cost: under all policies, or under none. Never raises.

        Args:
            environ: the request's WSGI environment.
            costs: units by policy; without any the request is unlimited.
            account: the account that the request names, for policies by account.
            fast_path: whether the response is ready in this process.
            spend: whether the cost is spent; if not, the decision is a first one, without policies by account.
        """
        if not costs:
            return UNLIMITED
        address = self.addresses.read_environ(environ)
        if address.standing != "limited":
            if address.standing == "allowed":
                return UNLIMITED
            self.statistics.count_denied(address.name)
            self._flusher.start()
            return DENIED
        policies = self._fast_path_policies if fast_path else self.policies
        hits = self._list_hits(environ, costs, account, address, policies)
        verdict, source = self.limiter.hit(hits, spend=spend)
        if not spend and verdict.allowed:
            return UNLIMITED  # the second decision counts it
        return self._record(hits, verdict, without_redis=source == "alone")

    def hit_without_waiting(self, environ: Mapping[str, Any], costs: Mapping[str, int]) -> Decision | None:
        """Decide about a request on the fast path if it passes and Redis need not be asked; otherwise return None.

        With None, nothing was spent or counted.
        """
        address = self.addresses.read_environ(environ)
        if address.standing != "limited":
            return UNLIMITED if address.standing == "allowed" else None
        hits = self._list_hits(environ, costs, "", address, self._fast_path_policies)
        verdict = self.limiter.hit_from_memory(hits)
        return self._record(hits, verdict) if verdict else None

    def _record(self, hits: list[Hit], verdict: Verdict, *, without_redis: bool = False) -> Decision:
        for hit in hits:
            if hit.policy.is_of_site:
                continue
            self.statistics.count(hit.policy.name, "asked")
            if without_redis:
                self.statistics.count(hit.policy.name, "alone")
        if verdict.exceeded:
            self.statistics.count_exceeded(verdict.exceeded)
        self._flusher.start()
        return build_decision(verdict)

    def _list_hits(
        self,
        environ: Mapping[str, Any],
        costs: Mapping[str, int],
        account: str,
        address: ClientAddress,
        policies: Mapping[str, Policy],
    ) -> list[Hit]:
        hits = []
        for name, cost in costs.items():
            policy = policies[name]
            if name == "browse":
                if _is_prefetch(environ):
                    policy = policies["prefetch"]
                elif self._is_crawler(environ, address):
                    policy = policies["crawler"]
            client = self._client_of(policy, environ, account, address)
            if client:
                hits.append(Hit(policy, client, cost if cost < policy.burst else policy.burst))
            if address.site is not None and client == address.name:
                hits.append(Hit(policy.of_site, address.site, hits[-1].cost))
        return hits

    def _client_of(
        self, policy: Policy, environ: Mapping[str, Any], account: str, address: ClientAddress
    ) -> str:
        """Return the client whose budget a policy uses; an empty string if the policy does not apply."""
        if policy.by == "account":
            return identity.client_key(f"account:{account.strip().casefold()}") if account.strip() else ""
        if policy.by == "client":
            for identifier in self.identifiers:
                if found := identifier(environ):
                    return identity.client_key(found)
        return address.name

    def _is_crawler(self, environ: Mapping[str, Any], address: ClientAddress) -> bool:
        return (
            self.crawlers is not None
            and address.ip is not None
            and self.crawlers.is_verified(address.ip, environ.get("HTTP_USER_AGENT", ""))
        )

    def _flush(self) -> bool:
        flushed = self.limiter.flush()
        return self.statistics.flush() or flushed


def _is_prefetch(environ: Mapping[str, Any]) -> bool:
    """Return whether a browser loads the page before anybody asked for it (Fetch, 3.9: `Sec-Purpose`)."""
    return "HTTP_SEC_PURPOSE" in environ and environ["HTTP_SEC_PURPOSE"].startswith("prefetch")


rate_limits = AppState[RateLimitEngine]("rate_limiting")


def _for_fast_path(policies: Mapping[str, Policy]) -> dict[str, Policy]:
    return {
        name: replace(policy, exact=policy.exact and policy.exact_fast_path)
        for name, policy in policies.items()
    }

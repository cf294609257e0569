# Varnish in front of the shop: /etc/varnish/storefront.vcl. It keeps pages for a day and drops them when the shop purges their
# tags. Needs varnish 7 and varnish-modules (xkey). docs/deploy-one-server.md installs it.
# Start it with -p http_gzip_support=off: the shop compresses once, better than Varnish, and says so in its ETags.
vcl 4.1;

import std;
import xkey;

backend shop {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 1s;
    # An answer that takes longer does not enter the cache. The shop repeats each purge after these 15 s.
    .first_byte_timeout = 15s;
    .between_bytes_timeout = 15s;
}

# Who may purge: these addresses, with the token of STOREFRONT_EDGE_TOKEN in /etc/varnish/storefront.token.
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    # Varnish appended its client, which is nginx. The shop counts one proxy: what nginx wrote is what it believes.
    set req.http.X-Forwarded-For = regsub(req.http.X-Forwarded-For, ",[^,]*$", "");
    unset req.http.X-Edge;

    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(403, "This address may not purge"));
        }
        set req.http.X-Edge-Token = regsub(std.fileread("/etc/varnish/storefront.token"), "\s+$", "");
        if (req.http.X-Edge-Token == "" || req.http.X-Purge-Token != req.http.X-Edge-Token) {
            return (synth(403, "The token is wrong"));
        }
        if (req.http.xkey-purge) {
            return (synth(200, "Purged " + xkey.purge(req.http.xkey-purge)));
        }
        if (req.http.xkey-softpurge) {
            return (synth(200, "Purged softly " + xkey.softpurge(req.http.xkey-softpurge)));
        }
        return (synth(400, "xkey-purge or xkey-softpurge is missing"));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    # Only public pages and files are looked up, as in nginx; for a shop below a path, write the path before them. Public pages are
    # the same for everybody, so cookies do not matter.
    if (req.http.Authorization || req.url !~ "^/(([a-z][a-z][a-z]?(-[a-z]+)*/)?([?]|$|(products|categories|collections|pages)([/?]|$))|sitemap|static/|media/)") {
        return (pass);
    }
    if (req.http.Accept-Encoding ~ "\bbr\b") {
        set req.http.Accept-Encoding = "br";
    } elsif (req.http.Accept-Encoding ~ "\bgzip\b") {
        set req.http.Accept-Encoding = "gzip";
    } else {
        unset req.http.Accept-Encoding;
    }
    # After a soft purge the old page is shown for at most 5 s, while one request fetches the new one. A restart follows an
    # error of the shop: then any copy is better than none.
    if (req.restarts == 0) {
        set req.grace = 5s;
    } else {
        set req.grace = 1d;
    }
    return (hash);
}

sub vcl_pass {
    set req.http.X-Edge = "pass";
}

sub vcl_backend_fetch {
    unset bereq.http.X-Edge;
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        # A copy that exists stays: vcl_deliver shows it.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        return (deliver);
    }
    if (!beresp.http.Surrogate-Control) {
        # Static files say how long they stay. Everything else is for one visitor.
        if (beresp.http.Cache-Control !~ "public, max-age=[1-9]" || beresp.http.Set-Cookie) {
            set beresp.uncacheable = true;
            set beresp.ttl = 120s;
            return (deliver);
        }
    } else {
        set beresp.ttl = std.duration(regsub(beresp.http.Surrogate-Control, "^max-age=([0-9]+).*$", "\1s"), 0s);
        # How long a copy may be shown while the shop is away; a page that becomes wrong at a known moment says less than a day.
        set beresp.grace = std.duration(
            regsub(beresp.http.Surrogate-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
        set beresp.keep = 0s;
        unset beresp.http.Surrogate-Control;
        # They belong to the visitor whose request fetched the page.
        unset beresp.http.RateLimit-Policy;
        unset beresp.http.RateLimit;
        unset beresp.http.X-RateLimit-Remaining;
        unset beresp.http.X-Request-ID;
        if (beresp.ttl <= 0s) {
            # A stale page: it must not replace one that Varnish has.
            set beresp.uncacheable = true;
            set beresp.grace = 0s;
        }
    }
    return (deliver);
}

sub vcl_backend_error {
    if (bereq.is_bgfetch) {
        return (abandon);
    }
}

sub vcl_synth {
    if (req.method != "PURGE" && resp.status >= 500 && req.restarts == 0 && req.http.X-Edge != "pass") {
        return (restart);
    }
}

sub vcl_deliver {
    if (resp.status >= 500 && req.restarts == 0 && req.http.X-Edge != "pass"
        && (req.method == "GET" || req.method == "HEAD")) {
        return (restart);
    }
    unset resp.http.xkey;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    if (obj.hits > 0) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; hit";
    } elsif (req.http.X-Edge != "pass") {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; fwd=miss";
    }
}

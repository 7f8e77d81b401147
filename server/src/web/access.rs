//! Who may read and who may command. Someone else's browser talks to this server: nothing is believed that it can forge.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, header, request::Parts},
    middleware::Next,
    response::Response,
};

use crate::{
    refusal::Refusal,
    server::{Key, Shared},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a request must bring.
pub(crate) struct Access {
    key: Key,
    allowed_hosts: Vec<String>,
    /// Whether reading needs no key: the server listens on loopback only.
    open: bool,
}

impl Access {
    pub(crate) fn new(key: Key, allowed_hosts: Vec<String>, open: bool) -> Self {
        Self { key, allowed_hosts, open }
    }

    /// Whether `key` is the host key.
    pub(super) fn is_key(&self, key: &str) -> bool {
        self.key.is(key)
    }

    /// Whether reading needs no key.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the request brings the host key in its header.
    pub(super) fn has_key(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        // A scheme's name has no case (RFC 9110, section 11.1).
        let key = value.and_then(|value| value.split_once(' '));
        key.is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("Bearer") && self.is_key(key))
    }

    /// Refuses what was sent to another name, or by another site's page.
    ///
    /// The name is checked since a foreign page can let its own name point to this machine (DNS rebinding) and then
    /// counts as this server's own. An address written in figures cannot be pointed anywhere.
    fn check_origin(&self, headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
        if !self.knows(host) {
            return Err(Refusal::ForeignHost(host.into()));
        }
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or("");
            let site = origin.split_once("://").map(|(_, site)| site);
            if !site.is_some_and(|site| site.eq_ignore_ascii_case(host)) {
                return Err(Refusal::ForeignOrigin(origin.into()));
            }
        }
        Ok(())
    }

    fn knows(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        if let Ok(ip) = name.parse::<IpAddr>() {
            return !self.open || ip.to_canonical().is_loopback();
        }
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        is("localhost") || self.allowed_hosts.iter().any(|known| is(known))
    }
}

/// Lets through what comes from this server's own pages, and from what is no page at all.
pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or(request.uri().authority().map(|authority| authority.as_str()));
    shared.access.check_origin(headers, host.unwrap_or(""))?;
    // A foreign page's <img> or <script> sends no Origin, but browsers tell where it comes from. A link is welcome.
    let site = headers.get(SEC_FETCH_SITE).and_then(|site| site.to_str().ok());
    if matches!(site, Some("cross-site" | "same-site")) && request.uri().path().starts_with("/api")
    {
        return Err(Refusal::ForeignOrigin(format!("{} page", site.unwrap_or_default())));
    }
    Ok(next.run(request).await)
}

/// A request that may read.
pub(super) struct MayRead;

/// A request that may change something.
pub(super) struct MayCommand;

impl FromRequestParts<Arc<Shared>> for MayRead {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let access = &shared.access;
        (access.is_open() || access.has_key(&parts.headers)).then_some(Self).ok_or(Refusal::NoKey)
    }
}

impl FromRequestParts<Arc<Shared>> for MayCommand {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        shared.access.has_key(&parts.headers).then_some(Self).ok_or(Refusal::NoKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_pointed_here_are_refused() {
        let key = Key::new("12345678").expect("a key");
        let open = Access::new(key.clone(), vec!["class.example".into()], true);
        for host in ["127.0.0.1:7070", "localhost", "LOCALHOST:1", "[::1]:7070", "class.example:80"]
        {
            assert!(open.knows(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1:7070", "", "[evil"] {
            assert!(!open.knows(host), "{host}");
        }
        assert!(Access::new(key, vec![], false).knows("10.0.0.1:7070"));
    }

    #[test]
    fn another_page_is_foreign() {
        let access = Access::new(Key::new("12345678").expect("a key"), vec![], true);
        let from = |origin: &'static str| {
            let headers =
                HeaderMap::from_iter([(header::ORIGIN, origin.parse().expect("a header"))]);
            access.check_origin(&headers, "localhost:7070")
        };
        assert!(from("http://localhost:7070").is_ok() && from("https://LOCALHOST:7070").is_ok());
        for origin in ["http://localhost:7071", "http://evil.example", "null", "", "localhost:7070"]
        {
            assert!(from(origin).is_err(), "{origin}");
        }
    }
}

//! Pages of other origins: which may use the bench, and what their browsers get.

use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use crate::StatusCode;
use crate::reply::ours;

/// How long a browser may keep the answer, in seconds.
const KEPT: &str = "600";

/// The origins whose pages may use the bench.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<Origin>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Any,
    One(String),
}

impl FromIterator<AllowedOrigin> for Origins {
    fn from_iter<T: IntoIterator<Item = AllowedOrigin>>(origins: T) -> Self {
        Self(origins.into_iter().map(|AllowedOrigin(origin)| origin).collect())
    }
}

/// One `--allow-origin ORIGIN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin(Origin);

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self(Origin::Any));
        }
        let host = match text.split_once("://") {
            Some((scheme, host)) if !scheme.is_empty() => host,
            _ if text == "null" => "null",
            _ => "",
        };
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ', '*']) || !text.is_ascii() {
            return Err(format!(
                "`{text}` is no origin; expected scheme, host and port as browsers send them, e.g. http://localhost:5173, or `*`"
            ));
        }
        Ok(Self(Origin::One(text.to_ascii_lowercase())))
    }
}

fn origin(request: &ServiceRequest) -> Option<&str> {
    Some(request.headers().get(header::ORIGIN)?.to_str().unwrap_or("?"))
}

impl Origins {
    /// Whether pages of this origin may use the bench.
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|known| match known {
            Origin::Any => true,
            Origin::One(known) => known.eq_ignore_ascii_case(origin),
        })
    }

    /// Whether a request has to do with pages of other origins. Where none is allowed, only a browser's question has.
    pub(crate) fn concern(&self, request: &ServiceRequest) -> bool {
        if self.0.is_empty() && request.method() != Method::OPTIONS {
            return false;
        }
        request.headers().contains_key(header::ORIGIN)
    }

    /// The answer to a browser that asks whether a page may send a request.
    pub(crate) fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let headers = request.headers();
        let method = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        if request.method() != Method::OPTIONS {
            return None;
        }
        let origin = origin(request)?;
        if !self.allow(origin) {
            let message = format!("a page of {origin} may not use this bench");
            let hint = format!("start the bench with `--allow-origin {origin}`");
            return Some(ours(StatusCode::FORBIDDEN, "forbidden_origin", &message, Some(&hint), None).into_response());
        }
        let mut response = HttpResponse::NoContent();
        for (name, value) in self.shared(request) {
            response.append_header((name, value));
        }
        response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, method.clone()));
        if let Some(wanted) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone()));
        }
        // A page of a public site asks so for addresses of this machine.
        if headers.contains_key("access-control-request-private-network") {
            response.insert_header(("access-control-allow-private-network", "true"));
        }
        response.insert_header((header::ACCESS_CONTROL_MAX_AGE, KEPT));
        Some(response.finish())
    }

    /// The headers that let a page read a response; none where its origin is not allowed.
    pub(crate) fn shared(&self, request: &ServiceRequest) -> Vec<(HeaderName, HeaderValue)> {
        let vary = (header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin(request).filter(|origin| self.allow(origin)) else { return vec![vary] };
        let Ok(origin) = HeaderValue::from_str(origin) else { return vec![vary] };
        // Named, they are visible to a page that sends credentials, too, for which `*` counts as a name.
        let visible = "Content-Length, Date, ETag, Location, Retry-After, WWW-Authenticate, X-Total-Count";
        vec![
            vary,
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(visible)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        let read = |text: &str| text.parse::<AllowedOrigin>();
        let origins: Origins = ["http://localhost:5173", "https://Shop.example", "null"]
            .into_iter()
            .map(|text| read(text).expect("an origin"))
            .collect();
        for (origin, allowed) in [
            ("http://localhost:5173", true),
            ("https://shop.example", true),
            ("null", true),
            ("http://localhost:5174", false),
            ("https://localhost:5173", false),
            ("http://shop.example", false),
            ("?", false),
        ] {
            assert_eq!(origins.allow(origin), allowed, "{origin}");
        }
        let any: Origins = [read("*").expect("any")].into_iter().collect();
        assert!(any.allow("http://anything"));
        for wrong in ["", "localhost:5173", "http://", "http://a/", "://a", "http://*.example", "http://a b"] {
            assert!(read(wrong).is_err_and(|why| why.contains("http://localhost:5173")), "{wrong}");
        }
    }
}

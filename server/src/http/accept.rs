//! Whether an `Accept` header lets `text/event-stream` through (RFC 9110, 12.5.1).

use http::{HeaderMap, header};

/// The most specific range that matches decides; without a header, or with an unreadable one, everything is welcome.
pub(super) fn accepts_event_stream(headers: &HeaderMap) -> bool {
    let mut best: Option<(Specificity, bool)> = None;
    let mut asked = false;
    for value in headers.get_all(header::ACCEPT) {
        let Ok(value) = value.to_str() else {
            return true;
        };
        for range in value.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            if media.is_empty() {
                continue;
            }
            asked = true;
            let Some(specificity) = Specificity::of(media) else {
                continue;
            };
            let welcome = !parts.any(is_zero_quality);
            best = match best {
                Some((held, _)) if held > specificity => best,
                // Named twice at one level: one welcome is enough.
                Some((held, already)) if held == specificity => Some((held, already || welcome)),
                _ => Some((specificity, welcome)),
            };
        }
    }
    !asked || best.is_some_and(|(_, welcome)| welcome)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    AnyText,
    Exactly,
}

impl Specificity {
    fn of(media: &str) -> Option<Self> {
        [("*/*", Self::Anything), ("text/*", Self::AnyText), ("text/event-stream", Self::Exactly)]
            .into_iter()
            .find_map(|(range, specificity)| media.eq_ignore_ascii_case(range).then_some(specificity))
    }
}

/// `q=0`, `q=0.`, `q=0.000`.
fn is_zero_quality(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>() == Ok(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_accept_header_is_read_as_the_standard_says() {
        for (accept, welcome) in [
            (&[] as &[&str], true),
            (&[""], true),
            (&["text/event-stream"], true),
            (&["Text/Event-Stream; charset=utf-8; q=0.1"], true),
            (&["text/*"], true),
            (&["*/*"], true),
            (&["text/html, */*;q=0.1"], true),
            (&["application/json", "text/event-stream"], true),
            (&["application/json"], false),
            (&["application/json, text/html"], false),
            (&["text/event-stream;q=0"], false),
            (&["text/event-stream; q=0.000, */*"], false),
            (&["text/*;q=0, text/event-stream"], true),
            (&["*/*;q=0"], false),
            (&["nonsense"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(accepts_event_stream(&headers), welcome, "{accept:?}");
        }
    }
}

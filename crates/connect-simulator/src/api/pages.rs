//! Pages, and the tokens that lead from one to the next.

use crate::random::hash;

/// A page of `items` and the token of the next one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<'a, T> {
    pub(crate) items: &'a [T],
    pub(crate) next: Option<String>,
}

/// The error of a token that does not belong to the request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongToken;

/// The page of a token, or the first one. `request` is everything that must stay the same from page to page.
pub(crate) fn page_at<'a, T>(
    items: &'a [T],
    size: usize,
    request: &str,
    token: Option<&str>,
) -> Result<Page<'a, T>, WrongToken> {
    let offset = token.map_or(Ok(0), |token| offset_of(request, token))?;
    let rest = items.get(offset..).ok_or(WrongToken)?;
    let (items, rest) = rest.split_at(size.max(1).min(rest.len()));
    let next = (!rest.is_empty()).then(|| token_of(request, offset + items.len()));
    Ok(Page { items, next })
}

fn token_of(request: &str, offset: usize) -> String {
    let seal = hash(&format!("{offset} {request}"));
    format!("AAMA{seal:016x}{offset:x}")
}

fn offset_of(request: &str, token: &str) -> Result<usize, WrongToken> {
    let digits = token.get(20..).ok_or(WrongToken)?;
    let offset = usize::from_str_radix(digits, 16).map_err(|_| WrongToken)?;
    if token_of(request, offset) == token { Ok(offset) } else { Err(WrongToken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_everything_once() {
        let items: Vec<u32> = (0..23).collect();
        for size in [1, 5, 23, 100] {
            let mut seen = Vec::new();
            let mut token = None;
            loop {
                let page = page_at(&items, size, "all", token.as_deref()).unwrap();
                assert!(page.items.len() <= size);
                seen.extend_from_slice(page.items);
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, items);
        }
    }

    #[test]
    fn a_token_belongs_to_one_request() {
        let items = [1, 2, 3];
        let token = page_at(&items, 2, "these", None).unwrap().next;
        assert!(page_at(&items, 2, "these", token.as_deref()).is_ok());
        assert_eq!(page_at(&items, 2, "those", token.as_deref()), Err(WrongToken));
        for wrong in ["", "x", "AAMA", "AAMA00000000000000002", "ééééééééééééééé"] {
            assert_eq!(page_at(&items, 2, "these", Some(wrong)), Err(WrongToken));
        }
    }
}

//! Into how many values of each key a question is cut, so that every request is within the limit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::definition::Dimension;
use crate::metric::limits::Limits;

/// The parts of a question's filters, each within the limit; together they are the whole.
pub(super) struct Cut {
    /// The filters of each part.
    pub(super) parts: Vec<BTreeMap<Dimension, Vec<String>>>,
    /// The keys in whose values the parts differ.
    pub(super) over: Vec<Dimension>,
}

/// What cutting over some keys costs, the worst first: whether figures are lost by it, how many
/// requests it takes, how many keys make rows that have to be merged.
type Cost = (usize, usize, usize);

/// A key with what cutting over it means.
pub(super) struct Key<'k> {
    pub(super) dimension: &'k Dimension,
    pub(super) values: &'k [String],
    /// How many metrics can't be merged over it; none where rows are grouped by it.
    pub(super) lost: usize,
    /// Whether rows are grouped by it, so that its parts have different rows.
    pub(super) disjoint: bool,
}

/// The cheapest cut of these filters.
///
/// With n values of a key and at most c of them in a request, the key makes n / c parts, and all
/// keys together the product of their parts. The c of all keys add up to the limit at most; every
/// such division is looked at, so the product is the smallest there is.
pub(super) fn cut(
    filters: &BTreeMap<Dimension, Vec<String>>,
    keys: &[Key<'_>],
    limits: &Limits,
) -> Cut {
    let sizes = sizes(keys, limits.filter_values);
    let is_cut = |(key, size): &(&Key<'_>, usize)| key.values.len() > *size;
    let cuts: Vec<_> = keys.iter().zip(sizes).filter(is_cut).collect();
    let over: Vec<Dimension> = cuts.iter().map(|(key, _)| key.dimension.clone()).collect();
    // Each part gets its share of the values that are cut, and never a copy of all of them.
    let whole = filters.iter().filter(|(dimension, _)| !over.contains(dimension));
    let whole = whole.map(|(dimension, values)| (dimension.clone(), values.clone()));
    let mut parts: Vec<BTreeMap<Dimension, Vec<String>>> = vec![whole.collect()];
    for (key, size) in cuts {
        parts = parts
            .into_iter()
            .flat_map(|part| {
                key.values.chunks(size.max(1)).map(move |chunk| {
                    let mut part = part.clone();
                    part.insert(key.dimension.clone(), chunk.to_vec());
                    part
                })
            })
            .collect();
    }
    Cut { parts, over }
}

/// Counts the parts of the cheapest cut without making them: there may be more than fit any memory.
pub(super) fn count(keys: &[Key<'_>], limits: &Limits) -> usize {
    let sizes = sizes(keys, limits.filter_values);
    let parts = keys.iter().zip(sizes).map(|(key, size)| key.values.len().div_ceil(size.max(1)));
    parts.fold(1, |all, parts| all.saturating_mul(parts.max(1)))
}

/// How many values of each key one request holds.
fn sizes(keys: &[Key<'_>], limit: usize) -> Vec<usize> {
    let total: usize = keys.iter().map(|key| key.values.len()).sum();
    if total <= limit {
        return keys.iter().map(|key| key.values.len()).collect();
    }
    cheapest(keys, limit).map_or_else(|| vec![1; keys.len()], |(_, sizes)| sizes)
}

/// The cheapest sizes that add up to `limit` at most, from the last key to the first: what the keys
/// after this one cost is worked out once for every rest of the limit.
fn cheapest(keys: &[Key<'_>], limit: usize) -> Option<(Cost, Vec<usize>)> {
    let mut after: Vec<Option<(Cost, Vec<usize>)>> = vec![Some(((0, 1, 0), Vec::new())); limit + 1];
    for key in keys.iter().rev() {
        let best = |left: usize| {
            let sizes = 1..=left.min(key.values.len());
            let choices = sizes.filter_map(|size| {
                let (rest, rest_sizes) = after.get(left - size)?.as_ref()?;
                let parts = key.values.len().div_ceil(size);
                let merged = usize::from(parts > 1);
                let cost = (
                    rest.0 + merged * key.lost,
                    rest.1.saturating_mul(parts),
                    rest.2 + if key.disjoint { 0 } else { merged },
                );
                Some((cost, size, rest_sizes))
            });
            // Of equal ones the largest, so that only the last request is not full.
            let (cost, size, rest) =
                choices.min_by_key(|(cost, size, _)| (*cost, Reverse(*size)))?;
            Some((cost, [&[size], rest.as_slice()].concat()))
        };
        after = (0..=limit).map(best).collect();
    }
    after.pop().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("{index}")).collect()
    }

    fn parts(counts: &[usize], disjoint: &[bool], limit: usize) -> (usize, Vec<usize>) {
        let dimensions = [Dimension::Queue, Dimension::Agent, Dimension::RoutingProfile];
        let filters: BTreeMap<_, _> =
            dimensions.iter().cloned().zip(counts.iter().map(|count| values(*count))).collect();
        let keys: Vec<_> = filters
            .iter()
            .enumerate()
            .map(|(index, (dimension, values))| Key {
                dimension,
                values,
                lost: 0,
                disjoint: disjoint.get(index).copied().unwrap_or_default(),
            })
            .collect();
        let limits = Limits { filter_values: limit, ..Limits::CURRENT };
        let cut = cut(&filters, &keys, &limits);
        let sizes = cut.parts.iter().map(|part| part.values().map(Vec::len).sum()).collect();
        (cut.parts.len(), sizes)
    }

    #[test]
    fn the_fewest_parts() {
        assert_eq!(parts(&[100], &[], 100).0, 1);
        assert_eq!(parts(&[250], &[], 100).0, 3);
        assert_eq!(parts(&[1000], &[], 100).0, 10);
        // 250 queues and 60 of another key: 40 queues beside all 60, or both cut.
        assert_eq!(parts(&[250, 60], &[], 100).0, 7);
        // 100 and 100: halves of both, four parts.
        assert_eq!(parts(&[100, 100], &[], 100).0, 4);
    }

    /// The least product of parts, by trying every division of the limit.
    fn least(counts: &[usize], limit: usize) -> usize {
        let Some((count, others)) = counts.split_first() else {
            return 1;
        };
        let sizes = 1..=(limit - others.len()).min(*count);
        sizes.map(|size| count.div_ceil(size) * least(others, limit - size)).min().unwrap()
    }

    proptest! {
        #[test]
        fn every_part_is_within_the_limit_and_nothing_is_lost(
            counts in proptest::collection::vec(1_usize..40, 1..4), limit in 3_usize..30
        ) {
            let (count, sizes) = parts(&counts, &[], limit);
            prop_assert!(sizes.iter().all(|size| *size <= limit));
            prop_assert_eq!(count, least(&counts, limit));
        }
    }
}

//! Cuts the values of a query's keys, so that every request is within the limit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::definition::Dimension;
use crate::metric::limits::Limits;

/// The parts of a query's filters, each within the limit; together they are the whole.
pub(super) struct Cut {
    /// The filters of each part.
    pub(super) parts: Vec<BTreeMap<Dimension, Vec<String>>>,
    /// The keys in whose values the parts differ.
    pub(super) over: Vec<Dimension>,
}

/// The cost of cutting over some keys, the worst part first: the number of figures that are lost, of requests,
/// and of keys whose rows have to be merged.
type Cost = (usize, usize, usize);

/// A key, and the effects of cutting over it.
pub(super) struct CutKey<'k> {
    pub(super) dimension: &'k Dimension,
    pub(super) values: &'k [String],
    /// The number of metrics that can't be merged over it; 0 where rows are grouped by it.
    pub(super) lost: usize,
    /// True where rows are grouped by it, so that its parts have different rows.
    pub(super) disjoint: bool,
}

/// The cheapest cut of these filters.
///
/// With n values of a key and at most c of them in a request, the key makes n / c parts, and all
/// keys together the product of their parts. The c of all keys add up to the limit at most; every
/// such division is looked at, so the product is the smallest there is.
pub(super) fn cut_filters(
    filters: &BTreeMap<Dimension, Vec<String>>,
    keys: &[CutKey<'_>],
    limits: &Limits,
) -> Cut {
    let sizes = chunk_sizes(keys, limits.filter_values);
    let sized = keys.iter().zip(sizes);
    let cuts: Vec<_> = sized.filter(|(key, size)| key.values.len() > *size).collect();
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
pub(super) fn count_parts(keys: &[CutKey<'_>], limits: &Limits) -> usize {
    let sizes = chunk_sizes(keys, limits.filter_values);
    let parts = keys.iter().zip(sizes).map(|(key, size)| key.values.len().div_ceil(size.max(1)));
    parts.fold(1, |all, parts| all.saturating_mul(parts.max(1)))
}

/// The number of values of each key that one request holds.
fn chunk_sizes(keys: &[CutKey<'_>], limit: usize) -> Vec<usize> {
    let total: usize = keys.iter().map(|key| key.values.len()).sum();
    if total <= limit {
        return keys.iter().map(|key| key.values.len()).collect();
    }
    cheapest_sizes(keys, limit).map_or_else(|| vec![1; keys.len()], |(_, sizes)| sizes)
}

/// The cheapest sizes that add up to `limit` at most, from the last key to the first. The cost of the keys
/// after this one is computed once for every rest of the limit.
fn cheapest_sizes(keys: &[CutKey<'_>], limit: usize) -> Option<(Cost, Vec<usize>)> {
    let mut after: Vec<Option<(Cost, Vec<usize>)>> = vec![Some(((0, 1, 0), Vec::new())); limit + 1];
    for key in keys.iter().rev() {
        after = (0..=limit).map(|left| cheapest_size(key, left, &after)).collect();
    }
    after.pop().flatten()
}

/// The cheapest size of a key where so much of the limit is left, before the sizes of the keys after it.
fn cheapest_size(
    key: &CutKey<'_>,
    left: usize,
    after: &[Option<(Cost, Vec<usize>)>],
) -> Option<(Cost, Vec<usize>)> {
    let choices = (1..=left.min(key.values.len())).filter_map(|size| {
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
    // The largest of equally cheap sizes, so that only the last request is not full.
    let (cost, size, rest) = choices.min_by_key(|(cost, size, _)| (*cost, Reverse(*size)))?;
    Some((cost, [&[size], rest.as_slice()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIMENSIONS: [Dimension; 3] =
        [Dimension::Queue, Dimension::Agent, Dimension::RoutingProfile];

    /// Filters with so many values of each key, all different.
    fn filters(counts: &[usize]) -> BTreeMap<Dimension, Vec<String>> {
        let values = |dimension: &Dimension, count: usize| {
            (0..count).map(|index| format!("{} {index}", dimension.key())).collect()
        };
        let counted = DIMENSIONS.iter().zip(counts);
        counted.map(|(dimension, count)| (dimension.clone(), values(dimension, *count))).collect()
    }

    fn parts(filters: &BTreeMap<Dimension, Vec<String>>, limit: usize) -> Cut {
        let key = |(dimension, values)| CutKey { dimension, values, lost: 0, disjoint: false };
        let keys: Vec<_> =
            filters.iter().map(|(dimension, v)| key((dimension, v.as_slice()))).collect();
        cut_filters(filters, &keys, &Limits { filter_values: limit, ..Limits::CURRENT })
    }

    #[test]
    fn a_cut_has_the_fewest_parts() {
        let count = |counts: &[usize]| parts(&filters(counts), 100).parts.len();
        assert_eq!(count(&[100]), 1);
        assert_eq!(count(&[250]), 3);
        assert_eq!(count(&[1000]), 10);
        // 250 queues and 60 of another key: 40 queues beside all 60, or both cut.
        assert_eq!(count(&[250, 60]), 7);
        // 100 and 100: halves of both, four parts.
        assert_eq!(count(&[100, 100]), 4);
    }

    /// No part copies a list that is cut: together they hold each of its values once.
    #[test]
    fn a_part_has_its_share_of_the_values() {
        let whole = filters(&[250]);
        let Cut { parts, over } = parts(&whole, 100);
        assert_eq!(over, [Dimension::Queue]);
        let shares: Vec<&[String]> =
            parts.iter().map(|part| part[&Dimension::Queue].as_slice()).collect();
        assert_eq!(shares.iter().map(|share| share.len()).collect::<Vec<_>>(), [100, 100, 50]);
        assert_eq!(shares.concat(), whole[&Dimension::Queue]);
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
        /// Every combination of a value of each key stands in exactly one part, and the parts and their
        /// values are in the order of the filters.
        #[test]
        fn every_part_is_within_the_limit_and_nothing_is_lost(
            counts in proptest::collection::vec(1_usize..40, 1..4), limit in 3_usize..30
        ) {
            let whole = filters(&counts);
            let Cut { parts, over } = parts(&whole, limit);
            let sizes = parts.iter().map(|part| part.values().map(Vec::len).sum::<usize>());
            prop_assert!(sizes.max().unwrap() <= limit);
            prop_assert_eq!(parts.len(), least(&counts, limit));
            for (dimension, values) in &whole {
                let mut shares: Vec<&[String]> =
                    parts.iter().map(|part| part[dimension].as_slice()).collect();
                prop_assert_eq!(shares.iter().any(|share| share.len() < values.len()), over.contains(dimension));
                shares.sort_by_key(|share| values.iter().position(|value| *value == share[0]));
                shares.dedup();
                prop_assert_eq!(shares.concat(), values.as_slice());
            }
            let distinct: std::collections::BTreeSet<_> = parts.iter().collect();
            prop_assert_eq!(distinct.len(), parts.len());
        }
    }
}

//! Pages of listings.

/// Reads a page, and whether there is another: one more than is shown tells.
pub(super) fn page<T, E>(
    limit: u64,
    read: impl FnOnce(u64) -> Result<Vec<T>, E>,
) -> Result<(Vec<T>, bool), E> {
    let mut found = read(limit.saturating_add(1))?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > shown;
    found.truncate(shown);
    Ok((found, has_more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_is_shown_tells_that_there_is_more() {
        let numbers = |limit: u64| Ok::<_, ()>((1..=3).take(limit.try_into().unwrap()).collect::<Vec<u64>>());
        assert_eq!(page(2, numbers), Ok((vec![1, 2], true)));
        assert_eq!(page(3, numbers), Ok((vec![1, 2, 3], false)));
        assert_eq!(page(4, numbers), Ok((vec![1, 2, 3], false)));
    }
}

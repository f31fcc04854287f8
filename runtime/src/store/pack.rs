//! Bodies on disk: one byte that says how, then the bytes, packed where that gains.

/// As it is.
const PLAIN: u8 = 0;
/// zstd, level 1, no dictionary.
const ZSTD: u8 = 1;
/// Shorter bodies do not gain.
const LEAST: usize = 200;
/// No body unpacks to more: a segment is bounded long before.
const MOST: usize = 256 << 20;

/// Packs a body for the disk.
pub(super) fn pack(body: &[u8]) -> Vec<u8> {
    if body.len() >= LEAST
        && let Ok(mut packed) = zstd::bulk::compress(body, 1)
        && packed.len() + 1 < body.len()
    {
        packed.insert(0, ZSTD);
        return packed;
    }
    let mut plain = Vec::with_capacity(body.len() + 1);
    plain.push(PLAIN);
    plain.extend_from_slice(body);
    plain
}

/// What was packed; `None` where the bytes were not made by [`pack`].
pub(super) fn unpack(stored: &[u8]) -> Option<Vec<u8>> {
    match stored.split_first()? {
        (&PLAIN, body) => Some(body.to_vec()),
        (&ZSTD, body) => {
            let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten()?;
            let size = usize::try_from(size).ok().filter(|size| *size <= MOST)?;
            zstd::bulk::decompress(body, size).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        for body in [Vec::new(), b"{}".to_vec(), "كم السعر؟ ".repeat(100).into_bytes(), (0..=255u8).collect()]
        {
            assert_eq!(unpack(&pack(&body)), Some(body));
        }
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(&[ZSTD, 1, 2, 3]), None);
        assert_eq!(unpack(&[9, 1]), None);
    }
}

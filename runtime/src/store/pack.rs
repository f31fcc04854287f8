//! Bodies on disk: one byte that says how, then the bytes, packed where that gains. Packing is the
//! writer's caller's business, so that it happens on all cores.

use std::{cell::RefCell, sync::LazyLock};

use zstd::{
    bulk::Compressor,
    dict::{DecoderDictionary, EncoderDictionary},
};

/// As it is.
const PLAIN: u8 = 0;
/// zstd with the first dictionary.
const ZSTD_1: u8 = 1;
/// Shorter bodies do not gain.
const LEAST: usize = 64;
/// Longer ones gain nothing from a dictionary, and get the same treatment for simplicity.
const LEVEL: i32 = 1;
/// No body unpacks to more: a segment is bounded long before.
const MOST: usize = 256 << 20;

/// Invariant: a dictionary that was released is never changed; a better one gets the next number.
const DICTIONARY_1: &[u8] = include_bytes!("journal.dict");

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY_1, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY_1));

thread_local! {
    /// A compressor's tables cost more to set up than a body to pack.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> =
        RefCell::new(Compressor::with_prepared_dictionary(&ENCODER).ok());
}

/// A body as it goes to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(pub(super) Vec<u8>);

impl Packed {
    /// Packs a body.
    pub fn new(body: &[u8]) -> Self {
        if body.len() >= LEAST
            && let Some(packed) =
                COMPRESSOR.with_borrow_mut(|compressor| compress(compressor.as_mut()?, body))
            && packed.len() < body.len()
        {
            return Self(packed);
        }
        let mut plain = Vec::with_capacity(body.len() + 1);
        plain.push(PLAIN);
        plain.extend_from_slice(body);
        Self(plain)
    }
}

fn compress(compressor: &mut Compressor<'_>, body: &[u8]) -> Option<Vec<u8>> {
    let packed = compressor.compress(body).ok()?;
    let mut stored = Vec::with_capacity(packed.len() + 1);
    stored.push(ZSTD_1);
    stored.extend_from_slice(&packed);
    Some(stored)
}

/// What was packed; `None` where the bytes were not made by [`Packed::new`].
pub(super) fn unpack(stored: &[u8]) -> Option<Vec<u8>> {
    match stored.split_first()? {
        (&PLAIN, body) => Some(body.to_vec()),
        (&ZSTD_1, body) => {
            let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten()?;
            let size = usize::try_from(size).ok().filter(|size| *size <= MOST)?;
            let mut decompressor = zstd::bulk::Decompressor::with_prepared_dictionary(&DECODER).ok()?;
            decompressor.decompress(body, size).ok()
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
            assert_eq!(unpack(&Packed::new(&body).0), Some(body));
        }
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(&[ZSTD_1, 1, 2, 3]), None);
        assert_eq!(unpack(&[9, 1]), None);
    }
}

//! Which addresses are not the public internet. From the IANA special-purpose registries
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `…ipv6-special-registry`) and
//! the metadata services of the clouds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not the public internet; `None` where it is.
pub(super) fn reserved(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => reserved_v4(address),
        IpAddr::V6(address) => reserved_v6(address),
    }
}

/// Whether the address hands out a machine's secrets to who asks: only a rule that names it opens it.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_link_local()
                || matches!(address.octets(), [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192])
        }
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address.segments() == [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254]
        }
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "this network",
        [127, ..] => "loopback",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "carrier-grade NAT",
        [169, 254, ..] => "link-local (cloud metadata)",
        // Azure's host service; public by its number only.
        [168, 63, 129, 16] => "cloud metadata",
        [192, 0, 0, _] | [192, 0, 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            "reserved"
        }
        [198, 18..=19, ..] => "benchmarking",
        [224..=239, ..] => "multicast",
        [240..=255, ..] => "reserved",
        _ => return None,
    })
}

fn reserved_v6(address: Ipv6Addr) -> Option<&'static str> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0, 0, 0, 0, 0, 0xffff, ..] => "IPv4-mapped",
        [0, 0, 0, 0, 0, 0, ..] => "IPv4-compatible",
        [0x0064, 0xff9b, ..] => "NAT64",
        [0x2002, ..] => "6to4",
        // Teredo, ORCHID and the other protocol assignments, 2001::/23.
        [0x2001, 0x0000..=0x01ff, ..] => "protocol assignment",
        [0x2001, 0x0db8, ..] | [0x3fff, 0x0000..=0x0fff, ..] => "documentation",
        [0xfc00..=0xfdff, ..] => "unique local",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xff00..=0xffff, ..] => "multicast",
        // Only 2000::/3 is given out for the public.
        [0x2000..=0x3fff, ..] => return None,
        _ => "reserved",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        let refused = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.8.8.8",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ];
        for text in refused {
            let address: IpAddr = text.parse().unwrap();
            assert!(reserved(address).is_some(), "{text} must be refused");
        }
        for text in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "212.26.18.1", "2a00:1450:4001::1", "2606:4700::1"]
        {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(reserved(address), None, "{text} must pass");
        }
    }
}

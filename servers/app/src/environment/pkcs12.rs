//! Certificates as a trust store of Java: PKCS #12 without encryption and without a checksum, as it holds nothing secret.

use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, construct_der};

const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];
const CERTIFICATE_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 3];
const X509: &[u64] = &[1, 2, 840, 113_549, 1, 9, 22, 1];
const FRIENDLY_NAME: &[u64] = &[1, 2, 840, 113_549, 1, 9, 20];
/// Java takes only certificates with this attribute for trusted.
const TRUSTED_USAGE: &[u64] = &[2, 16, 840, 1, 113_894, 746_875, 1, 1];
const ANY_USAGE: &[u64] = &[2, 5, 29, 37, 0];

fn oid(writer: DERWriter<'_>, numbers: &[u64]) {
    writer.write_oid(&ObjectIdentifier::from_slice(numbers));
}

/// A value by its kind, as PKCS #7 and #12 have it: the kind, and the value in a context tag.
fn of_kind(writer: DERWriter<'_>, kind: &[u64], value: &[u8]) {
    writer.write_sequence(|fields| {
        oid(fields.next(), kind);
        fields.next().write_tagged(yasna::Tag::context(0), |inner| inner.write_bytes(value));
    });
}

/// A trust store of these certificates, each DER.
pub(super) fn trust_store<'c>(certificates: impl IntoIterator<Item = &'c [u8]>) -> Vec<u8> {
    let bags = construct_der(|writer| {
        writer.write_sequence(|bags| {
            for (n, certificate) in certificates.into_iter().enumerate() {
                bags.next().write_sequence(|bag| {
                    oid(bag.next(), CERTIFICATE_BAG);
                    bag.next().write_tagged(yasna::Tag::context(0), |value| of_kind(value, X509, certificate));
                    bag.next().write_set_of(|attributes| {
                        attributes.next().write_sequence(|attribute| {
                            oid(attribute.next(), FRIENDLY_NAME);
                            // Names have to differ, or one takes the other's place.
                            attribute.next().write_set_of(|names| names.next().write_bmp_string(&format!("ca-{n}")));
                        });
                        attributes.next().write_sequence(|attribute| {
                            oid(attribute.next(), TRUSTED_USAGE);
                            attribute.next().write_set_of(|usages| oid(usages.next(), ANY_USAGE));
                        });
                    });
                });
            }
        });
    });
    let safe = construct_der(|writer| writer.write_sequence(|safe| of_kind(safe.next(), DATA, &bags)));
    construct_der(|writer| {
        writer.write_sequence(|store| {
            store.next().write_u8(3);
            of_kind(store.next(), DATA, &safe);
        });
    })
}

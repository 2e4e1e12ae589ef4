//! Validators: what a value must fulfil beyond its shape, by the rules of the authority that gives it out.
//!
//! A validator gets the bytes that a detector matched, with the separators that people write, and says whether they can
//! be such a value. It reads each byte a few times at most, keeps nothing, and decides for any bytes.

mod asia_pacific;
mod cards_and_banks;
mod central_europe;
mod characters;
mod checksums;
mod dates;
mod latin_america;
mod network;
mod nordic;
mod north_america;
mod southern_europe;
mod united_kingdom;
mod vehicles;

use super::basic_auth::is_basic_auth;
use super::entropy::looks_random;
use super::placeholder::is_placeholder;

/// A check that a detector names. Its number stands in blobs: numbers begin at 1 and are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Validator {
    /// Digits with a Luhn check digit (ISO/IEC 7812-1).
    Luhn = 1,
    /// A payment card: issuer, length and check digit.
    PaymentCard = 2,
    /// Track 1 or 2 of a payment card (ISO/IEC 7813).
    TrackData = 3,
    /// An international bank account number (ISO 13616).
    Iban = 4,
    /// A business identifier code of a bank (ISO 9362).
    Bic = 5,
    /// A routing number of the American Bankers Association.
    AbaRouting = 6,
    /// A US social security number.
    UsSsn = 7,
    /// A US individual taxpayer identification number.
    UsItin = 8,
    /// A British national insurance number.
    UkNino = 9,
    /// A British National Health Service number.
    UkNhs = 10,
    /// A Canadian social insurance number.
    CaSin = 11,
    /// A German tax identification number.
    DeTaxId = 12,
    /// A French social security number with its key.
    FrNir = 13,
    /// A Spanish national identity number.
    EsDni = 14,
    /// A Spanish identity number for foreigners.
    EsNie = 15,
    /// An Italian tax code of a person.
    ItCodiceFiscale = 16,
    /// A Dutch citizen service number.
    NlBsn = 17,
    /// A Polish PESEL number.
    PlPesel = 18,
    /// A Swedish personal or coordination number.
    SePersonnummer = 19,
    /// A Finnish personal identity code.
    FiHetu = 20,
    /// A Brazilian number of a person.
    BrCpf = 21,
    /// A Brazilian number of a business, with or without letters.
    BrCnpj = 22,
    /// An Indian Aadhaar number.
    InAadhaar = 23,
    /// An Indian permanent account number.
    InPan = 24,
    /// An Australian tax file number.
    AuTfn = 25,
    /// An Australian Medicare card.
    AuMedicare = 26,
    /// A South Korean registration number from before October 2020.
    KrRrn = 27,
    /// A Singaporean identity card or foreign identification number.
    SgNric = 28,
    /// A US national provider identifier.
    UsNpi = 29,
    /// A registration number of the US Drug Enforcement Administration.
    UsDea = 30,
    /// A US Medicare beneficiary identifier.
    UsMbi = 31,
    /// A German health insurance number.
    DeKvnr = 32,
    /// A day from 1900 to 2030 in one of the usual orders.
    DateOfBirth = 33,
    /// An IPv4 address.
    Ipv4 = 34,
    /// An IPv6 address (RFC 4291).
    Ipv6 = 35,
    /// An international telephone number (ITU-T E.164).
    PhoneE164 = 36,
    /// A vehicle identification number (ISO 3779).
    Vin = 37,
    /// Something that looks drawn at random and is no placeholder.
    Random = 38,
    /// Anything but what documents write in the place of a value.
    NotPlaceholder = 39,
    /// Credentials of HTTP Basic authentication (RFC 7617).
    BasicAuth = 40,
}

impl Validator {
    /// Every validator, in the order of its number.
    pub const ALL: [Self; 40] = [
        Self::Luhn,
        Self::PaymentCard,
        Self::TrackData,
        Self::Iban,
        Self::Bic,
        Self::AbaRouting,
        Self::UsSsn,
        Self::UsItin,
        Self::UkNino,
        Self::UkNhs,
        Self::CaSin,
        Self::DeTaxId,
        Self::FrNir,
        Self::EsDni,
        Self::EsNie,
        Self::ItCodiceFiscale,
        Self::NlBsn,
        Self::PlPesel,
        Self::SePersonnummer,
        Self::FiHetu,
        Self::BrCpf,
        Self::BrCnpj,
        Self::InAadhaar,
        Self::InPan,
        Self::AuTfn,
        Self::AuMedicare,
        Self::KrRrn,
        Self::SgNric,
        Self::UsNpi,
        Self::UsDea,
        Self::UsMbi,
        Self::DeKvnr,
        Self::DateOfBirth,
        Self::Ipv4,
        Self::Ipv6,
        Self::PhoneE164,
        Self::Vin,
        Self::Random,
        Self::NotPlaceholder,
        Self::BasicAuth,
    ];

    /// The name that detectors use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Luhn => "luhn",
            Self::PaymentCard => "payment_card",
            Self::TrackData => "track_data",
            Self::Iban => "iban",
            Self::Bic => "bic",
            Self::AbaRouting => "aba_routing",
            Self::UsSsn => "us_ssn",
            Self::UsItin => "us_itin",
            Self::UkNino => "uk_nino",
            Self::UkNhs => "uk_nhs",
            Self::CaSin => "ca_sin",
            Self::DeTaxId => "de_tax_id",
            Self::FrNir => "fr_nir",
            Self::EsDni => "es_dni",
            Self::EsNie => "es_nie",
            Self::ItCodiceFiscale => "it_codice_fiscale",
            Self::NlBsn => "nl_bsn",
            Self::PlPesel => "pl_pesel",
            Self::SePersonnummer => "se_personnummer",
            Self::FiHetu => "fi_hetu",
            Self::BrCpf => "br_cpf",
            Self::BrCnpj => "br_cnpj",
            Self::InAadhaar => "in_aadhaar",
            Self::InPan => "in_pan",
            Self::AuTfn => "au_tfn",
            Self::AuMedicare => "au_medicare",
            Self::KrRrn => "kr_rrn",
            Self::SgNric => "sg_nric",
            Self::UsNpi => "us_npi",
            Self::UsDea => "us_dea",
            Self::UsMbi => "us_mbi",
            Self::DeKvnr => "de_kvnr",
            Self::DateOfBirth => "date_of_birth",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::PhoneE164 => "phone_e164",
            Self::Vin => "vin",
            Self::Random => "random",
            Self::NotPlaceholder => "not_placeholder",
            Self::BasicAuth => "basic_auth",
        }
    }

    /// The validator with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|validator| validator.name() == name)
    }

    /// The validator with this number; none for 0, which says in a blob that nothing is checked.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number.checked_sub(1)?)).copied()
    }

    /// Whether these bytes, as they were matched, can be such a value. Separators that the format allows may be among
    /// them, one at a time. Letters count in either case: the pattern says which it wants.
    #[must_use]
    pub fn accepts(self, matched: &[u8]) -> bool {
        match self {
            Self::Luhn => cards_and_banks::has_luhn_digit(matched),
            Self::PaymentCard => cards_and_banks::payment_card(matched),
            Self::TrackData => cards_and_banks::track_data(matched),
            Self::Iban => cards_and_banks::is_iban(matched),
            Self::Bic => cards_and_banks::bic(matched),
            Self::AbaRouting => cards_and_banks::aba_routing(matched),
            Self::UsSsn => north_america::us_ssn(matched),
            Self::UsItin => north_america::us_itin(matched),
            Self::UkNino => united_kingdom::uk_nino(matched),
            Self::UkNhs => united_kingdom::uk_nhs(matched),
            Self::CaSin => north_america::ca_sin(matched),
            Self::DeTaxId => central_europe::de_tax_id(matched),
            Self::FrNir => southern_europe::fr_nir(matched),
            Self::EsDni => southern_europe::es_dni(matched),
            Self::EsNie => southern_europe::es_nie(matched),
            Self::ItCodiceFiscale => southern_europe::it_codice_fiscale(matched),
            Self::NlBsn => central_europe::nl_bsn(matched),
            Self::PlPesel => central_europe::pl_pesel(matched),
            Self::SePersonnummer => nordic::se_personnummer(matched),
            Self::FiHetu => nordic::fi_hetu(matched),
            Self::BrCpf => latin_america::br_cpf(matched),
            Self::BrCnpj => latin_america::br_cnpj(matched),
            Self::InAadhaar => asia_pacific::in_aadhaar(matched),
            Self::InPan => asia_pacific::in_pan(matched),
            Self::AuTfn => asia_pacific::au_tfn(matched),
            Self::AuMedicare => asia_pacific::au_medicare(matched),
            Self::KrRrn => asia_pacific::kr_rrn(matched),
            Self::SgNric => asia_pacific::sg_nric(matched),
            Self::UsNpi => north_america::us_npi(matched),
            Self::UsDea => north_america::us_dea(matched),
            Self::UsMbi => north_america::us_mbi(matched),
            Self::DeKvnr => central_europe::de_kvnr(matched),
            Self::DateOfBirth => dates::date_of_birth(matched),
            Self::Ipv4 => network::ipv4(matched),
            Self::Ipv6 => network::ipv6(matched),
            Self::PhoneE164 => network::phone_e164(matched),
            Self::Vin => vehicles::vin(matched),
            Self::Random => looks_random(matched),
            Self::NotPlaceholder => !is_placeholder(matched),
            Self::BasicAuth => is_basic_auth(matched),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Asserts what a check says of valid and invalid samples.
    pub(super) fn assert_decides(accepts: fn(&[u8]) -> bool, valid: &[&str], invalid: &[&str]) {
        for sample in valid {
            assert!(accepts(sample.as_bytes()), "{sample} is refused");
        }
        for sample in invalid {
            assert!(!accepts(sample.as_bytes()), "{sample} is accepted");
        }
    }

    #[test]
    fn numbers_begin_at_one_and_have_no_gaps() {
        for (place, validator) in Validator::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(validator as u8), place + 1);
            assert_eq!(Validator::from_number(validator as u8), Some(validator));
        }
        assert_eq!(Validator::from_number(0), None);
        assert_eq!(Validator::from_number(u8::MAX), None);
    }

    #[test]
    fn every_name_leads_back_to_its_validator() {
        for validator in Validator::ALL {
            assert_eq!(Validator::from_name(validator.name()), Some(validator));
        }
        assert_eq!(Validator::from_name("none"), None);
    }

    proptest! {
        #[test]
        fn never_panics_for_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for validator in Validator::ALL {
                let _ = validator.accepts(&bytes);
            }
        }

        #[test]
        fn never_panics_for_what_looks_like_a_value(text in "[%;+]?[A-Z0-9+=^T]{0,9}[0-9]{0,12}([ ./^=-][0-9A-Z]{1,7}){0,5}") {
            for validator in Validator::ALL {
                let _ = validator.accepts(text.as_bytes());
            }
        }
    }
}

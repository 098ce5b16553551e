//! A Connect instance, known by its ARN.

use std::fmt;
use std::str::FromStr;

/// The ARN of a Connect instance; Region and partition of every request come from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceArn {
    arn: String,
    partition: String,
    region: String,
    account: String,
    id: String,
}

/// The text is no ARN of a Connect instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceArnError {
    /// It has another form.
    #[error(
        "is no ARN of a Connect instance: it needs the form \
         arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID"
    )]
    Form,
    /// It has the form, and a part that no instance has for its length.
    #[error(
        "is no ARN of a Connect instance: {part} has {found} characters, {allowed} are allowed"
    )]
    TooLong {
        /// The part, such as `the instance's id`.
        part: &'static str,
        /// The number of its characters.
        found: usize,
        /// The most that it may have.
        allowed: usize,
    },
    /// It has the form, and an account that is none.
    #[error(
        "is no ARN of a Connect instance: the account has {found} characters, 12 digits are allowed"
    )]
    Account {
        /// The number of its characters.
        found: usize,
    },
}

/// The most characters of an instance's id (Connect API, Instance, Id).
pub const LONGEST_ID: usize = 100;

/// The most characters of a Region (Connect API, `ReplicateInstance`, `ReplicaRegion`). No partition has a
/// longer name than the Regions in it.
pub const LONGEST_REGION: usize = 31;

/// The name of a Region of AWS, such as `eu-west-2`, which ends in hosts and ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region(String);

/// The text is no name of a Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// It has other characters.
    #[error(
        "is no name of a Region: lower-case letters, digits and `-` are allowed, as in eu-west-2"
    )]
    Form,
    /// It has more characters than any Region.
    #[error("has {found} characters, {LONGEST_REGION} are allowed, as in eu-west-2")]
    TooLong {
        /// The number of its characters.
        found: usize,
    },
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let found = text.chars().count();
        if found > LONGEST_REGION {
            return Err(RegionError::TooLong { found });
        }
        if is_plain(text) { Ok(Self(text.to_owned())) } else { Err(RegionError::Form) }
    }
}

impl Region {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_allowed)
}

impl InstanceArn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.arn
    }

    /// The partition, such as `aws` or `aws-us-gov`.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The account: twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The Region, such as `eu-west-2`; with it goes the partition.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The instance's id, which the list operations take.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl FromStr for InstanceArn {
    type Err = InstanceArnError;

    fn from_str(text: &str) -> Result<Self, InstanceArnError> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or(InstanceArnError::Form);
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let id = resource.strip_prefix("instance/").ok_or(InstanceArnError::Form)?;
        let ok = arn == "arn"
            && partition.starts_with("aws")
            && is_plain(partition)
            && service == "connect"
            && is_plain(region)
            && is_plain(id);
        if !ok {
            return Err(InstanceArnError::Form);
        }
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InstanceArnError::Account { found: account.chars().count() });
        }
        check_length("the partition", partition, LONGEST_REGION)?;
        check_length("the Region", region, LONGEST_REGION)?;
        check_length("the instance's id", id, LONGEST_ID)?;
        Ok(Self {
            arn: text.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            id: id.to_owned(),
        })
    }
}

/// Requests carry the parts in their URIs, which take only so much.
fn check_length(part: &'static str, text: &str, allowed: usize) -> Result<(), InstanceArnError> {
    let found = text.len();
    if found > allowed {
        return Err(InstanceArnError::TooLong { part, found, allowed });
    }
    Ok(())
}

impl fmt::Display for InstanceArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_and_id_come_from_the_arn() {
        let arn = "arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/aaaabbbb-1111";
        let instance: InstanceArn = arn.parse().unwrap();
        assert_eq!((instance.region(), instance.id()), ("us-gov-west-1", "aaaabbbb-1111"));
    }

    #[test]
    fn other_arns_are_refused() {
        for text in [
            "",
            "aaaabbbb-1111-4222-8333-ccccddddeeee",
            "arn:aws:connect:eu-west-2:123456789012:queue/x",
            "arn:aws:connect:eu-west-2:123456789012:instance/x/queue/y",
            "arn:aws:connect::123456789012:instance/x",
            "arn:aws:s3:eu-west-2:123456789012:instance/x",
        ] {
            assert_eq!(text.parse::<InstanceArn>(), Err(InstanceArnError::Form), "{text}");
        }
    }

    #[test]
    fn an_account_has_twelve_digits() {
        for account in ["", "1234", "1234567890123", "12345678901a", &"1".repeat(100_000)] {
            let arn = format!("arn:aws:connect:eu-west-2:{account}:instance/x");
            let error = InstanceArnError::Account { found: account.len() };
            assert_eq!(arn.parse::<InstanceArn>(), Err(error));
        }
    }

    #[test]
    fn a_region_has_31_plain_characters_at_most() {
        let parsed = |text: &str| text.parse::<Region>().map(|_| ());
        for region in ["eu-west-2", "us-gov-west-1", "us-isob-east-1", &"a".repeat(31)] {
            assert_eq!(parsed(region), Ok(()), "{region}");
        }
        for region in ["", "EU-WEST-2", "eu west", "eu.west", "x/y", "é"] {
            assert_eq!(parsed(region), Err(RegionError::Form), "{region}");
        }
        for found in [32, 1_000_000] {
            assert_eq!(parsed(&"a".repeat(found)), Err(RegionError::TooLong { found }));
        }
    }

    #[test]
    fn no_part_is_longer_than_the_service_has_it() {
        let arn = |partition: usize, region: usize, id: usize| {
            let [partition, region, id] = [partition, region, id].map(|length| "a".repeat(length));
            format!("arn:aws{partition}:connect:{region}:123456789012:instance/{id}")
        };
        let parsed = |text: String| text.parse::<InstanceArn>().map(|_| ());
        let too_long =
            |part, found, allowed| Err(InstanceArnError::TooLong { part, found, allowed });
        assert_eq!(parsed(arn(28, 31, 100)), Ok(()));
        assert_eq!(parsed(arn(29, 9, 36)), too_long("the partition", 32, 31));
        assert_eq!(parsed(arn(0, 32, 36)), too_long("the Region", 32, 31));
        for length in [101, 490_000] {
            assert_eq!(parsed(arn(0, 9, length)), too_long("the instance's id", length, 100));
        }
    }
}

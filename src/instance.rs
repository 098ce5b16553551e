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
#[error(
    "is no ARN of a Connect instance: it needs the form \
     arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID"
)]
pub struct InstanceArnError;

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
        let plain = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or(InstanceArnError);
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let id = resource.strip_prefix("instance/").ok_or(InstanceArnError)?;
        let account_ok = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let ok = arn == "arn"
            && partition.starts_with("aws")
            && plain(partition)
            && service == "connect"
            && plain(region)
            && account_ok
            && plain(id);
        match ok {
            true => Ok(Self {
                arn: text.to_owned(),
                partition: partition.to_owned(),
                region: region.to_owned(),
                account: account.to_owned(),
                id: id.to_owned(),
            }),
            false => Err(InstanceArnError),
        }
    }
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
            "arn:aws:connect:eu-west-2:1234:instance/x",
            "arn:aws:s3:eu-west-2:123456789012:instance/x",
        ] {
            assert_eq!(text.parse::<InstanceArn>(), Err(InstanceArnError), "{text}");
        }
    }
}

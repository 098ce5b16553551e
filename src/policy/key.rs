//! A key of AWS KMS, known by its ARN.

use std::fmt;
use std::str::FromStr;

/// The ARN of a key, as policies name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyArn(String);

/// The text is no ARN of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyArnError {
    /// It is something else.
    #[error("is no ARN of a key: it needs the form arn:aws:kms:REGION:ACCOUNT:key/KEY-ID")]
    NoKey,
    /// It is that of an alias, on which IAM allows nothing.
    #[error(
        "is the ARN of an alias, and a policy names the key itself: `aws kms describe-key --key-id` \
         with the alias prints its ARN"
    )]
    Alias,
    /// It is longer than any.
    #[error("is no ARN of a key: it has {found} characters, {LONGEST} are allowed")]
    TooLong {
        /// The number of its characters.
        found: usize,
    },
}

/// The most characters of a key's ARN (KMS API, `DescribeKey`, `KeyId`).
const LONGEST: usize = 2_048;

impl KeyArn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyArn {
    type Err = KeyArnError;

    fn from_str(text: &str) -> Result<Self, KeyArnError> {
        let found = text.chars().count();
        if found > LONGEST {
            return Err(KeyArnError::TooLong { found });
        }
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "kms", region, account, resource] = parts.as_slice() else {
            return Err(KeyArnError::NoKey);
        };
        if resource.starts_with("alias/") {
            return Err(KeyArnError::Alias);
        }
        let is_word = |text: &str| {
            let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !text.is_empty() && text.bytes().all(allowed)
        };
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        // A UUID, or `mrk-` and 32 digits of a key of several Regions: no star, which would be wider.
        let is_key = resource.strip_prefix("key/").is_some_and(is_word);
        let is_arn = partition.starts_with("aws") && is_word(partition) && is_word(region);
        if is_arn && is_account && is_key {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyArnError::NoKey)
        }
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_own_arn() {
        let arn = |resource: &str| format!("arn:aws:kms:eu-west-2:123456789012:{resource}");
        for key in
            ["key/11112222-3333-4444-5555-666677778888", "key/mrk-1111222233334444aaaabbbbccccdddd"]
        {
            assert_eq!(arn(key).parse::<KeyArn>().unwrap().as_str(), arn(key));
        }
        for (text, error) in [
            (arn("alias/reports"), KeyArnError::Alias),
            (arn("key/*"), KeyArnError::NoKey),
            (arn("key/"), KeyArnError::NoKey),
            ("11112222-3333-4444-5555-666677778888".to_owned(), KeyArnError::NoKey),
            ("arn:aws:kms:eu-west-2:*:key/11112222".to_owned(), KeyArnError::NoKey),
            ("arn:aws:s3:::bucket".to_owned(), KeyArnError::NoKey),
            (String::new(), KeyArnError::NoKey),
            (arn(&format!("key/{}", "a".repeat(10_000))), KeyArnError::TooLong { found: 10_039 }),
        ] {
            assert_eq!(text.parse::<KeyArn>(), Err(error), "{text}");
        }
    }
}

//! The instance of Amazon Connect that a request names. The simulator serves any instance with the same centre,
//! unless it was started for one.

use std::str::FromStr;

use super::refusal::Refusal;

/// An instance by its ARN, such as
/// `arn:aws:connect:eu-west-2:123456789012:instance/01234567-89ab-cdef-0123-456789abcdef`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    arn: String,
    region: String,
    id: String,
}

/// The error of a text that is not the ARN of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no ARN of a Connect instance: it needs the form \
     arn:aws:connect:REGION:ACCOUNT:instance/INSTANCE-ID"
)]
pub struct InvalidInstance;

impl FromStr for Instance {
    type Err = InvalidInstance;

    fn from_str(arn: &str) -> Result<Self, InvalidInstance> {
        let parts: Vec<_> = arn.split(':').collect();
        let ["arn", partition, "connect", region, account, resource] = parts.as_slice() else {
            return Err(InvalidInstance);
        };
        let id = resource.strip_prefix("instance/").unwrap_or_default();
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !partition.starts_with("aws") || region.is_empty() || !is_account || id.is_empty() {
            return Err(InvalidInstance);
        }
        Ok(Self { arn: arn.to_owned(), region: (*region).to_owned(), id: id.to_owned() })
    }
}

impl Instance {
    /// The instance that a request names by its ARN.
    pub(crate) fn of_arn(arn: &str) -> Result<Self, Refusal> {
        let instance: Self = arn.parse().map_err(|InvalidInstance| {
            let text = format!("ResourceArn {arn:?} is not the ARN of an instance.");
            Refusal::invalid_parameter(text)
        })?;
        check_id(&instance.id)?;
        Ok(instance)
    }

    /// The instance with this id, in the Region for which the request was signed. The account is invented,
    /// because the request does not name it.
    pub(crate) fn of_id(id: &str, region: Option<&str>) -> Result<Self, Refusal> {
        check_id(id)?;
        let region = region.unwrap_or("eu-west-2");
        Ok(Self {
            arn: format!("arn:aws:connect:{region}:123456789012:instance/{id}"),
            region: region.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The Region, such as `eu-west-2`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The instance's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The ARN of a resource of the instance: `queue`, `queue/agent`, `routing-profile`, `agent`.
    pub(crate) fn resource(&self, kind: &str, id: &str) -> String {
        format!("{}/{kind}/{id}", self.arn)
    }
}

/// Checks the id of an instance, which is a UUID.
fn check_id(id: &str) -> Result<(), Refusal> {
    let groups: Vec<_> = id.split('-').map(str::len).collect();
    let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if groups == [8, 4, 4, 4, 12] && is_hex {
        Ok(())
    } else {
        Err(Refusal::not_found(format!("There is no instance {id:?}.")))
    }
}

/// The Region in the credential scope of a signed request (`SigV4`, `Authorization`).
pub(crate) fn signed_region(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').nth(2).filter(|region| {
        !region.is_empty()
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn an_instance_keeps_its_partition_region_and_account() {
        let arn = format!("arn:aws-us-gov:connect:us-gov-west-1:111122223333:instance/{ID}");
        let instance = Instance::of_arn(&arn).unwrap();
        assert_eq!(instance.resource("queue", "q"), format!("{arn}/queue/q"));
    }

    #[test]
    fn invalid_instances_are_refused() {
        for (arn, code) in [
            ("", "InvalidParameterException"),
            ("arn:aws:connect:eu-west-2:1:instance/x", "InvalidParameterException"),
            ("arn:aws:ses:eu-west-2:111122223333:identity/x", "InvalidParameterException"),
            ("arn:aws:connect:eu-west-2:111122223333:instance/x", "ResourceNotFoundException"),
        ] {
            assert_eq!(Instance::of_arn(arn).unwrap_err().code, code, "{arn}");
        }
    }

    #[test]
    fn the_region_is_that_of_the_signature() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-central-1/connect/aws4_request, \
                      SignedHeaders=host, Signature=0";
        assert_eq!(signed_region(header), Some("eu-central-1"));
        assert_eq!(signed_region("Bearer x"), None);
    }
}

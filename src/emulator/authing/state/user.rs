//! A user.

use super::{password::Received, value::now};
use serde::{Deserialize, Serialize};

/// Declares the members of a user that a client sends: field, name on the wire and type.
macro_rules! profile {
    (strings { $($text:ident $text_name:literal,)+ } others { $($other:ident $other_name:literal $type:ty,)+ }) => {
        /// The members of a user that a client sends. An absent member stays as it is.
        #[derive(Clone, Default, Deserialize, Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct Profile {
            $(#[serde(rename = $text_name, skip_serializing_if = "Option::is_none")]
            pub(crate) $text: Option<String>,)+
            $(#[serde(rename = $other_name, skip_serializing_if = "Option::is_none")]
            pub(crate) $other: Option<$type>,)+
        }

        impl Profile {
            /// Takes over the members that are given.
            pub(super) fn update(&mut self, given: Self) {
                $(if given.$text.is_some() {
                    self.$text = given.$text;
                })+
                $(if given.$other.is_some() {
                    self.$other = given.$other;
                })+
            }

            /// Returns a text by its name on the wire.
            fn text(&self, name: &str) -> Option<&str> {
                match name {
                    $($text_name => self.$text.as_deref(),)+
                    _ => None,
                }
            }
        }
    };
}

profile! {
    strings {
        username "username", email "email", phone "phone", external_id "externalId", unionid "unionid",
        openid "openid", nickname "nickname", photo "photo", password "password", oauth "oauth", token "token",
        token_expired_at "tokenExpiredAt", last_login "lastLogin", last_ip "lastIP", signed_up "signedUp",
        device "device", browser "browser", company "company", name "name", given_name "givenName",
        family_name "familyName", middle_name "middleName", profile "profile",
        preferred_username "preferredUsername", website "website", gender "gender", birthdate "birthdate",
        zoneinfo "zoneinfo", locale "locale", address "address", formatted "formatted",
        street_address "streetAddress", locality "locality", region "region", postal_code "postalCode",
        city "city", province "province", country "country",
    }
    others {
        status "status" Status,
        email_verified "emailVerified" bool,
        phone_verified "phoneVerified" bool,
        register_source "registerSource" Vec<String>,
        logins_count "loginsCount" i64,
        blocked "blocked" bool,
        is_deleted "isDeleted" bool,
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Status {
    Suspended,
    Resigned,
    Activated,
    Archived,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Suspended => "Suspended",
            Self::Resigned => "Resigned",
            Self::Activated => "Activated",
            Self::Archived => "Archived",
        }
    }
}

/// The account at an identity provider that a user was created with.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    user_pool_id: String,
    provider: String,
    user_id_in_idp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_social: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
}

impl Identity {
    /// Returns what names the account: the provider, and the user's id there.
    pub(super) fn key(&self) -> (String, String) {
        (self.provider.clone(), self.user_id_in_idp.clone())
    }
}

/// The members by which a user is found, each of which at most one user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unique {
    Username,
    Email,
    Phone,
    ExternalId,
}

impl Unique {
    pub(crate) const ALL: [Self; 4] = [Self::Username, Self::Email, Self::Phone, Self::ExternalId];

    /// Returns the member's name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::ExternalId => "externalId",
        }
    }

    pub(super) fn of(self, profile: &Profile) -> Option<&str> {
        profile.text(self.name())
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: String,
    arn: String,
    user_pool_id: String,
    created_at: String,
    updated_at: String,
    #[serde(flatten)]
    pub(super) profile: Profile,
    pub(super) identities: Vec<Identity>,
    #[serde(skip)]
    pub(super) received_password: Option<Received>,
}

impl User {
    /// Creates a user with the members that a new user has, overridden by those that are given.
    pub(super) fn new(id: String, arn: String, pool_id: &str, given: Profile, identity: Option<Identity>) -> Self {
        let mut profile = Profile {
            status: Some(Status::Activated),
            email_verified: Some(false),
            phone_verified: Some(false),
            register_source: Some(vec!["import:manual".to_owned()]),
            logins_count: Some(0),
            photo: Some("default-user-avatar.png".to_owned()),
            blocked: Some(false),
            is_deleted: Some(false),
            signed_up: Some(now()),
            ..Profile::default()
        };
        profile.update(given);
        let own = |identity| Identity { user_id: id.clone(), user_pool_id: pool_id.to_owned(), ..identity };
        let identities = identity.into_iter().map(own).collect();
        let (user_pool_id, created_at, updated_at) = (pool_id.to_owned(), now(), now());
        Self { id, arn, user_pool_id, created_at, updated_at, profile, identities, received_password: None }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) fn received_password(&self) -> Option<&Received> {
        self.received_password.as_ref()
    }

    pub(crate) fn updated_at(&self) -> &str {
        &self.updated_at
    }

    pub(super) fn touch(&mut self) {
        self.updated_at = now();
    }

    /// Returns whether one of these members contains the query, which is in lower case. Without `fields`, those that name a user
    /// are searched.
    pub(crate) fn matches(&self, query: &str, fields: &[&str]) -> bool {
        const SEARCHED: [&str; 10] = [
            "username",
            "nickname",
            "name",
            "givenName",
            "familyName",
            "email",
            "phone",
            "company",
            "externalId",
            "id",
        ];
        let fields = if fields.is_empty() { &SEARCHED[..] } else { fields };
        fields.iter().any(|field| self.text(field).to_lowercase().contains(query))
    }

    fn text(&self, name: &str) -> &str {
        match name {
            "id" => &self.id,
            "arn" => &self.arn,
            "userPoolId" => &self.user_pool_id,
            "createdAt" => &self.created_at,
            "updatedAt" => &self.updated_at,
            "status" => self.profile.status.map_or("", Status::name),
            name => self.profile.text(name).unwrap_or_default(),
        }
    }
}

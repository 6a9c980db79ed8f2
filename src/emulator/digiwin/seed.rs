//! Digiwin's initial people, tenants and organizations.

use crate::{AppToken, Password, VerificationCode, emulator::seed_check::default_seed};
use serde::Deserialize;

/// The verification code that is sent to every phone.
pub(super) const VERIFICATION_CODE: &str = "123456";

/// The credentials of a seed. A member is empty if the seed has no person or no tenant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The application token (`digi-middleware-auth-app`).
    pub app_token: AppToken,
    /// The id of the seed's first person; by default an administrator of the tenant.
    pub user_id: String,
    /// The user's password.
    pub password: Password,
    /// The id of the seed's first tenant; by default one that has bought the application.
    pub tenant_id: String,
    /// The user's phone number.
    pub telephone: String,
    /// The verification code that is sent to the user's phone.
    pub verification_code: VerificationCode,
}

/// Digiwin's initial people and tenants.
///
/// The default has 4 tenants, 44 people and, in the first tenant, a tree of organizations 4 levels deep. A seed can be
/// deserialized from JSON of the form that the [guide](crate::guide::testing) shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    pub(super) app_token: AppToken,
    pub(super) app_id: String,
    #[serde(default)]
    pub(super) people: Vec<Person>,
    #[serde(default)]
    pub(super) tenants: Vec<Tenant>,
}

impl Seed {
    /// Creates a seed without people and tenants for the application `app_id` with `app_token`.
    pub fn new(app_id: impl Into<String>, app_token: impl Into<AppToken>) -> Self {
        Self { app_token: app_token.into(), app_id: app_id.into(), people: Vec::new(), tenants: Vec::new() }
    }

    /// Adds a person. The first one becomes the [`Account`].
    pub fn person(mut self, person: Person) -> Self {
        self.people.push(person);
        self
    }

    /// Adds a tenant. The first one becomes the [`Account`]'s.
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenants.push(tenant);
        self
    }

    pub(super) fn account(&self) -> Account {
        let first = self.people.first();
        Account {
            app_token: self.app_token.clone(),
            user_id: first.map(|person| person.id.clone()).unwrap_or_default(),
            password: first.map_or_else(|| "".into(), |person| person.password.clone()),
            telephone: first.map(|person| person.telephone.clone()).unwrap_or_default(),
            verification_code: VERIFICATION_CODE.into(),
            tenant_id: self.tenants.first().map(|tenant| tenant.id.clone()).unwrap_or_default(),
        }
    }
}

/// A person who can log in by id, mail address or phone number, and with the code `123456` sent to the phone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub(super) id: String,
    pub(super) password: Password,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) telephone: String,
    #[serde(default)]
    pub(super) disabled: bool,
}

impl Person {
    /// Creates a person without a name, a mail address and a phone number. A person with a mail address at `digiwin.com` is in
    /// Digiwin's Active Directory too.
    pub fn new(id: impl Into<String>, password: impl Into<Password>) -> Self {
        let (name, email, telephone) = Default::default();
        Self { id: id.into(), password: password.into(), name, email, telephone, disabled: false }
    }

    /// Sets the name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the mail address.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = email.into();
        self
    }

    /// Sets the phone number.
    pub fn telephone(mut self, telephone: impl Into<String>) -> Self {
        self.telephone = telephone.into();
        self
    }

    /// Sets whether the person is kept from logging in.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }
}

/// A tenant, with the roles `admin`, `manager` and `staff`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default, rename = "digiwin")]
    pub(super) is_digiwin: bool,
    #[serde(default)]
    pub(super) applications: Vec<Application>,
    #[serde(default)]
    pub(super) members: Vec<Member>,
    #[serde(default)]
    pub(super) orgs: Vec<Org>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    pub(super) id: String,
    pub(super) expires: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) person: String,
    pub(super) role: String,
}

impl Tenant {
    /// Creates a tenant without members.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let (applications, members, orgs) = Default::default();
        Self { id: id.into(), name: name.into(), is_digiwin: false, applications, members, orgs }
    }

    /// Marks the tenant as Digiwin's own, which `exclude_digiwin_tenant` leaves out.
    pub fn digiwin(mut self) -> Self {
        self.is_digiwin = true;
        self
    }

    /// Adds an application that the tenant may use until `expires`, in UTC, such as `2027-12-31 00:00:00`. Later, the service
    /// refuses tokens in the tenant for it.
    pub fn application(mut self, id: impl Into<String>, expires: impl Into<String>) -> Self {
        self.applications.push(Application { id: id.into(), expires: expires.into() });
        self
    }

    /// Adds a person of the seed by id, with the role `admin`, `manager` or `staff`.
    pub fn member(mut self, person: impl Into<String>, role: impl Into<String>) -> Self {
        self.members.push(Member { person: person.into(), role: role.into() });
        self
    }

    /// Adds a tree of organizations, by its root.
    pub fn org(mut self, org: Org) -> Self {
        self.orgs.push(org);
        self
    }
}

/// An organization and the organizations below it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Org {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) members: Vec<String>,
    #[serde(default)]
    pub(super) children: Vec<Org>,
}

impl Org {
    /// Creates an organization without members.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), members: Vec::new(), children: Vec::new() }
    }

    /// Adds a member of the tenant, by id.
    pub fn member(mut self, person: impl Into<String>) -> Self {
        self.members.push(person.into());
        self
    }

    /// Adds an organization below this one.
    pub fn child(mut self, org: Org) -> Self {
        self.children.push(org);
        self
    }
}

impl Default for Seed {
    fn default() -> Self {
        default_seed(include_str!("default_seed.json"))
    }
}

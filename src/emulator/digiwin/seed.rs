//! Digiwin's initial people, tenants and organizations.

use crate::{AppToken, Password, VerificationCode};

/// The verification code that is sent to every phone.
pub(super) const VERIFICATION_CODE: &str = "123456";

/// Credentials that work against the emulator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The application token (`digi-middleware-auth-app`).
    pub app_token: AppToken,
    /// The id of a user with the role `admin` in the tenant.
    pub user_id: String,
    /// The user's password.
    pub password: Password,
    /// The id of a tenant that has bought the application.
    pub tenant_id: String,
    /// The user's phone number.
    pub telephone: String,
    /// The verification code that is sent to the user's phone.
    pub verification_code: VerificationCode,
}

/// Digiwin's initial people and tenants.
///
/// The default has 4 tenants, 44 people and, in the first tenant, a tree of organizations 4 levels deep.
#[derive(Clone, Debug)]
pub struct Seed {
    pub(super) app_token: AppToken,
    pub(super) app_id: String,
    pub(super) people: Vec<Person>,
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
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) id: String,
    pub(super) password: Password,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) telephone: String,
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
#[derive(Clone, Debug)]
pub struct Tenant {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_digiwin: bool,
    /// Each application's id and the end of its use.
    pub(super) applications: Vec<(String, String)>,
    /// Each member's id and role.
    pub(super) members: Vec<(String, String)>,
    pub(super) orgs: Vec<Org>,
}

impl Tenant {
    /// Creates a tenant without members.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            is_digiwin: false,
            applications: Vec::new(),
            members: Vec::new(),
            orgs: Vec::new(),
        }
    }

    /// Marks the tenant as Digiwin's own, which `exclude_digiwin_tenant` leaves out.
    pub fn digiwin(mut self) -> Self {
        self.is_digiwin = true;
        self
    }

    /// Adds an application that the tenant may use until `expires` (such as `2027-12-31 00:00:00`).
    pub fn application(mut self, id: impl Into<String>, expires: impl Into<String>) -> Self {
        self.applications.push((id.into(), expires.into()));
        self
    }

    /// Adds a person of the seed by id, with the role `admin`, `manager` or `staff`.
    pub fn member(mut self, person: impl Into<String>, role: impl Into<String>) -> Self {
        self.members.push((person.into(), role.into()));
        self
    }

    /// Adds a tree of organizations, by its root.
    pub fn org(mut self, org: Org) -> Self {
        self.orgs.push(org);
        self
    }
}

/// An organization and the organizations below it.
#[derive(Clone, Debug)]
pub struct Org {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) members: Vec<String>,
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

/// The id and the name of each.
const PEOPLE: [(&str, &str); 44] = [
    ("ann", "李安 Ann Li"),
    ("bob", "Bob Carter"),
    ("chen.jing", "陈静"),
    ("wang.wei", "王伟"),
    ("zhang.min", "张敏"),
    ("liu.yang", "刘洋"),
    ("zhao.lei", "赵磊"),
    ("huang.lin", "黄琳"),
    ("zhou.jie", "周杰"),
    ("wu.xia", "吴霞"),
    ("xu.peng", "徐鹏"),
    ("sun.li", "孙丽"),
    ("ma.chao", "马超"),
    ("zhu.hong", "朱红"),
    ("hu.bin", "胡斌"),
    ("guo.fang", "郭芳"),
    ("he.qiang", "何强"),
    ("gao.yan", "高燕"),
    ("lin.tao", "林涛"),
    ("luo.juan", "罗娟"),
    ("alice.wong", "黄爱丽 Alice Wong"),
    ("david.smith", "David Smith"),
    ("emma.jones", "Emma Jones"),
    ("frank.mueller", "Frank Müller"),
    ("grace.lee", "Grace Lee"),
    ("henry.ford", "Henry Ford"),
    ("irene.adler", "Irene Adler"),
    ("jack.brown", "Jack Brown"),
    ("kate.moss", "Kate Moss"),
    ("leo.rossi", "Leo Rossi"),
    ("mary.khan", "Mary Khan"),
    ("nina.novak", "Nina Nováková"),
    ("oscar.diaz", "Óscar Díaz"),
    ("paul.dubois", "Paul Dubois"),
    ("quinn.obrien", "Quinn O'Brien"),
    ("rosa.silva", "Rosa Silva"),
    ("song.yu", "宋宇"),
    ("tang.ning", "唐宁"),
    ("uma.patel", "Uma Patel"),
    ("victor.hall", "Victor Hall"),
    ("xie.na", "谢娜"),
    ("yao.mei", "姚梅"),
    ("zoe.king", "Zoë King"),
    ("left.long.ago", "已离职 (left)"),
];

impl Default for Seed {
    fn default() -> Self {
        let mut seed = Self::new("iam-sdk-demo", "emulated-app-token");
        for (n, (id, name)) in PEOPLE.iter().enumerate() {
            let person = Person::new(*id, format!("{id}-密码-1"))
                .name(*name)
                .email(format!("{id}@digiwin.com"))
                .telephone(format!("138{n:08}"))
                .disabled(*id == "left.long.ago");
            seed = seed.person(person);
        }
        let (first, rest) = (PEOPLE[0].0, &PEOPLE[1..]);
        let role = |n: usize| if n.is_multiple_of(5) { "manager" } else { "staff" };
        let everyone = |tenant: Tenant, from: usize, to: usize| {
            rest[from..to]
                .iter()
                .enumerate()
                .fold(tenant.member(first, "admin"), |tenant, (n, (id, _))| tenant.member(*id, role(n)))
        };
        let precision = Tenant::new("T1", "华东精密机械 East China Precision")
            .application("iam-sdk-demo", "2027-12-31 00:00:00")
            .application("athena-erp", "2027-06-30 00:00:00")
            .application("mes-lite", "2026-12-01 00:00:00")
            .org(precision_orgs());
        let trading =
            Tenant::new("T2", "北辰贸易 Northstar Trading").application("iam-sdk-demo", "2028-01-31 00:00:00").org(
                Org::new("northstar", "北辰贸易").member(first).child(Org::new("sales", "Sales").member("david.smith")),
            );
        let retail = Tenant::new("T3", "Lakeside Retail").application("athena-erp", "2027-03-31 00:00:00");
        let digiwin =
            Tenant::new("digiwin", "鼎捷软件 Digiwin").digiwin().application("iam-sdk-demo", "2099-12-31 00:00:00");
        seed.tenant(everyone(precision, 0, 43))
            .tenant(everyone(trading, 15, 30))
            .tenant(everyone(retail, 25, 35))
            .tenant(everyone(digiwin, 0, 5))
    }
}

/// Returns a tree of four levels: company, divisions, departments, teams.
fn precision_orgs() -> Org {
    let mut people = PEOPLE[1..].iter().map(|(id, _)| *id).cycle();
    let mut team =
        |id: &str, name: &str| people.by_ref().take(5).fold(Org::new(id, name), |org, person| org.member(person));
    Org::new("hq", "华东精密 总部")
        .member("ann")
        .child(
            Org::new("manufacturing", "制造中心 Manufacturing")
                .child(
                    Org::new("machining", "机加工部").child(team("lathe", "车工班")).child(team("milling", "铣工班")),
                )
                .child(
                    Org::new("assembly", "Assembly").child(team("line-1", "Line 1")).child(team("line-2", "Line 2")),
                ),
        )
        .child(
            Org::new("technology", "技术中心 Technology")
                .child(
                    Org::new("rd", "研发部 R&D").child(team("cad", "CAD 组")).child(team("control", "Control Systems")),
                )
                .child(Org::new("it", "信息部 IT").child(team("helpdesk", "Helpdesk"))),
        )
        .child(Org::new("finance", "财务部 Finance").child(team("accounting", "会计组")))
}

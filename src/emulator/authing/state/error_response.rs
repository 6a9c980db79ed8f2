//! The service's error responses.

use std::borrow::Cow;

/// An error code, of the service's public list or of HTTP, and its texts.
#[derive(Clone, Debug)]
pub(crate) struct ErrorResponse {
    pub(crate) code: u32,
    chinese: Cow<'static, str>,
    english: Cow<'static, str>,
}

impl ErrorResponse {
    pub(crate) const NOT_LOGGED_IN: Self = Self::of(2020, "尚未登录，无权限访问此请求", "not logged in");
    pub(crate) const BAD_EMAIL: Self = Self::of(2003, "邮箱格式不正确", "the mail address is malformed");
    pub(crate) const NO_USER: Self = Self::of(2004, "用户不存在", "the user does not exist");
    pub(crate) const BAD_SEARCH_TYPE: Self = Self::of(2015, "搜索用户时搜索类型非法", "no such search type");
    pub(crate) const NOT_DECRYPTED: Self = Self::of(2016, "解密客户端密码出错", "the password cannot be decrypted");
    pub(crate) const USER_EXISTS: Self = Self::of(2026, "用户已存在，请不要重复注册", "the user exists already");
    pub(crate) const SHORT_PASSWORD: Self =
        Self::of(2029, "密码长度不能少于 6 位", "a password has 6 characters at least");
    pub(crate) const TOO_MANY_USERS: Self =
        Self::of(2030, "一次性查询的用户不能超过 80 人", "80 users at a time at the most");
    pub(crate) const USERNAME_EXISTS: Self = Self::of(2034, "用户名已存在", "the user name exists already");
    pub(crate) const PHONE_EXISTS: Self = Self::of(2035, "手机号已绑定", "the phone number exists already");
    pub(crate) const NO_POOL: Self = Self::of(2224, "用户池不存在", "the user pool does not exist");
    pub(crate) const BAD_SECRET: Self = Self::of(2333, "用户名或密码错误", "wrong user pool or secret");

    /// Creates an error with any code, which a fault sends.
    pub(crate) const fn of_fault(code: u32) -> Self {
        Self::of(code, "模拟器的故障", "a fault of the emulator")
    }

    const fn of(code: u32, chinese: &'static str, english: &'static str) -> Self {
        Self { code, chinese: Cow::Borrowed(chinese), english: Cow::Borrowed(english) }
    }

    /// Creates the response for something that does not exist.
    pub(crate) fn not_found(kind: &'static str) -> Self {
        Self { code: 404, chinese: format!("{kind} 不存在").into(), english: format!("no such {kind}").into() }
    }

    /// Creates the response for something that exists already. The vendor does not document its code; 2048 is a business error.
    pub(crate) fn exists(kind: &'static str) -> Self {
        Self {
            code: 2048,
            chinese: format!("{kind} 已存在").into(),
            english: format!("the {kind} exists already").into(),
        }
    }

    pub(crate) fn invalid(what: impl Into<Cow<'static, str>>) -> Self {
        let what = what.into();
        Self { code: 400, chinese: format!("参数错误：{what}").into(), english: what }
    }

    pub(crate) fn message(&self, english: bool) -> &str {
        if english { &self.english } else { &self.chinese }
    }
}

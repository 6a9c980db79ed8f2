use super::{Call, Driver};

crate::jwt::verifier!(Call, Driver);

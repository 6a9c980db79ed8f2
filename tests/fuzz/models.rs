//! What a model read and wrote, it reads and writes again just so.

use super::{bodies, corpus, runner};
use iam_sdk::{authing, cloudspot, digiwin};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, fs, path::Path};

fn round_trip<T: Debug + PartialEq + Serialize + DeserializeOwned>(service: &str, name: &str) {
    let corpus = corpus::of(service);
    // A body is a response's; a model stands somewhere inside of one.
    let bodies = prop_oneof![
        bodies::json_value(corpus).prop_map(|value| value.to_string().into_bytes()),
        bodies::body(corpus, "")
    ];
    let result = runner(200).run(&bodies, |body| {
        let Ok(read) = serde_json::from_slice::<T>(&body) else { return Ok(()) };
        let written = serde_json::to_string(&read).unwrap();
        let again: T =
            serde_json::from_str(&written).map_err(|error| TestCaseError::fail(format!("{error}: {written}")))?;
        let twice = serde_json::to_string(&again).unwrap();
        prop_assert_eq!(&twice, &written);
        // Now without the secrets, which are not written.
        let third: T = serde_json::from_str(&twice).unwrap();
        prop_assert_eq!(third, again);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

macro_rules! models {
    ($($test:ident $service:ident: $($model:ident)+;)+) => {
        const MODELS: &[&str] = &[$($(stringify!($model)),+),+];
        $(
            #[test]
            fn $test() {
                $(round_trip::<$service::$model>(stringify!($service), stringify!($model));)+
            }
        )+
    };
}

models! {
    models_of_digiwin digiwin: AuthoredUser UserTokenInfo ChangedToken Role User UserSimple UserWithRoles Tenant
        TenantApplication Org OrgUser;
    models_of_authing authing: User Identity Group Role Org OrgNode UserDepartment AuthorizedResource PolicyAssignment
        RefreshedToken TokenStatus TokenOwner LoginStatus UserAction PasswordCheck UserPool UserPoolType FrequencyCheck
        AllowLists;
    models_of_cloudspot cloudspot: AuthenticatedLicense CompanyPermissions LicenseUser Impersonation;
}

/// The texts of the files below a path of `src`.
fn texts(path: &Path) -> Vec<String> {
    if path.is_file() {
        return vec![fs::read_to_string(path).unwrap()];
    }
    fs::read_dir(path).unwrap().flat_map(|entry| texts(&entry.unwrap().path())).collect()
}

#[test]
fn every_model_is_tried() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let texts: Vec<_> = ["digiwin/models", "authing/models", "cloudspot/models.rs"]
        .iter()
        .flat_map(|path| texts(&src.join(path)))
        .collect();
    let declared = texts.iter().flat_map(|text| text.split("\nmodel! {").skip(1)).map(|model| {
        let line = model.lines().find(|line| line.starts_with("    ") && line.ends_with(" {")).unwrap();
        line.trim().trim_end_matches(" {")
    });
    let untried: Vec<_> = declared.filter(|name| !MODELS.contains(name)).collect();
    assert_eq!(untried, [""; 0]);
    assert!(MODELS.len() > 30);
}

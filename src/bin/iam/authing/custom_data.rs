use super::arguments::{UserId, UserIds, user};
use crate::{
    arguments::{self, Field, field, json_fields},
    command::commands,
    failure::Failure,
};
use iam_sdk::{authing::CustomData, blocking::authing::ManagementClient};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::PathBuf};

commands! {
    /// Commands about users' custom data.
    Data of ManagementClient;

    /// Show a user's custom data, with types and labels
    List: Read list "authing.users.list_udv" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
    } |c| c.users().list_udv(id.find(&c)?);

    /// Show the custom data of many users
    GetMany: Read one "authing.users.get_udf_value_batch" {
        #[command(flatten)]
        users: UserIds,
    } |c| c.users().get_udf_value_batch(&users.find(&c)?);

    /// Set one value of a user's custom data, and show all of them
    #[command(after_help = "Examples:\n  iam authing users data set 64f1c0 school=ETH\n  iam authing users data set 64f1c0 age:=33")]
    Set: Change list "authing.users.set_udv" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The value: name=text, or name:=JSON
        #[arg(value_name = "NAME=VALUE", value_parser = field)]
        value: Field,
    } |c| c.users().set_udv(id.find(&c)?, &value.name, value.value);

    /// Set values of a user's custom data; the others stay
    SetMany: Change done "authing.users.set_udf_value" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The values: name=text, or name:=JSON
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = field)]
        values: Vec<Field>,
    } |c| c.users().set_udf_value(id.find(&c)?, &json_fields(&values).collect());

    /// Set values of the custom data of many users: a JSON object of objects, by user id
    #[command(after_help = "Examples:\n  echo '{\"64f1c0\": {\"school\": \"ETH\"}}' | iam authing users data set-of-many -")]
    SetOfMany: Change done "authing.users.set_udf_value_batch" {
        /// The file; `-` is standard input
        file: PathBuf,
    } |c| {
        let wrong = || Failure::Usage(format!("{}: not a JSON object of objects", file.display()));
        let data: BTreeMap<String, Map<String, Value>> =
            serde_json::from_slice(&arguments::bytes(&file)?).map_err(|_| wrong())?;
        let data = data.into_iter().map(|(id, values)| (id, values.into_iter().collect::<CustomData>())).collect();
        c.users().set_udf_value_batch(&data)
    };

    /// Remove one value of a user's custom data, and show the others
    Unset: Change list "authing.users.remove_udv" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The name of the value
        name: String,
    } |c| c.users().remove_udv(id.find(&c)?, &name);
}

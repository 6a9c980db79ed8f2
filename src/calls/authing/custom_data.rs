//! The calls about users' custom data.

use super::{Call, Users};
use crate::{
    authing::{self, CustomData, UdfValue, Udv, documents, users},
    protocol::decode::Data,
};
use std::collections::BTreeMap;

impl Users {
    /// Returns a user's custom data with types and labels.
    #[doc = documents::docs!(UDV)]
    pub fn list_udv(&self, user_id: impl AsRef<str>) -> Call<Vec<Udv>> {
        self.session.call_with(users::list_udv(user_id.as_ref()), Data::list)
    }

    /// Sets one value of a user's custom data, and returns all of them.
    #[doc = documents::docs!(SET_UDV)]
    pub fn set_udv(&self, user_id: impl AsRef<str>, key: &str, value: impl Into<UdfValue>) -> Call<Vec<Udv>> {
        self.session.call_with(users::set_udv(user_id.as_ref(), key, &value.into()), Data::list)
    }

    /// Takes one value out of a user's custom data, and returns the others.
    #[doc = documents::docs!(REMOVE_UDV)]
    pub fn remove_udv(&self, user_id: impl AsRef<str>, key: &str) -> Call<Vec<Udv>> {
        self.session.call_with(users::remove_udv(user_id.as_ref(), key), Data::list)
    }

    /// Returns a user's custom data, by key.
    #[doc = documents::docs!(UDV)]
    pub fn get_udf_value(&self, user_id: impl AsRef<str>) -> Call<CustomData> {
        self.session.call_with(users::list_udv(user_id.as_ref()), users::custom_data)
    }

    /// Returns the custom data of many users, by user id.
    #[doc = documents::docs!(UDF_VALUE_BATCH)]
    pub fn get_udf_value_batch(&self, user_ids: &[impl AsRef<str>]) -> Call<BTreeMap<String, CustomData>> {
        self.session.call_with(users::get_udf_value_batch(user_ids), users::custom_data_of_many)
    }

    /// Sets values of a user's custom data. The others stay.
    #[doc = documents::docs!(SET_UDV_BATCH)]
    pub fn set_udf_value(&self, user_id: impl AsRef<str>, data: &CustomData) -> Call<()> {
        self.session.run(users::set_udf_value(user_id.as_ref(), data))
    }

    /// Sets values of the custom data of many users, by user id. The others stay.
    #[doc = documents::docs!(SET_UDF_VALUE_BATCH)]
    pub fn set_udf_value_batch(&self, data: &BTreeMap<String, CustomData>) -> Call<()> {
        self.session.call_with(users::set_udf_value_batch(data), authing::check_status)
    }

    /// Takes one value out of a user's custom data.
    #[doc = documents::docs!(REMOVE_UDV)]
    pub fn remove_udf_value(&self, user_id: impl AsRef<str>, key: &str) -> Call<()> {
        self.session.run(users::remove_udv(user_id.as_ref(), key))
    }
}

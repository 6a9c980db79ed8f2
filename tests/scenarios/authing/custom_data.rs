use super::{Pool, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind,
    authing::{
        BatchGetOptions, CreateUserOptions, CustomData, DataType, UdfValue, UserDetailOptions, UserInfo,
        UserListOptions, UserLookup, UserSearchOptions,
    },
    emulator::{Emulator, authing::Seed},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

fn pool() -> Pool {
    let types =
        [("school", "STRING"), ("age", "NUMBER"), ("boss", "BOOLEAN"), ("born", "DATETIME"), ("likes", "OBJECT")];
    let seed = Seed::new("pool", "secret").user([("username", "ann")]).user([("username", "bo")]);
    let seed = types.into_iter().fold(seed, |seed, (key, data_type)| seed.custom_field(key, data_type));
    Pool::on(Emulator::builder().authing(seed).start().unwrap())
}

/// A value of every type.
fn data() -> CustomData {
    CustomData::new()
        .with("school", "清华 \"大学\"")
        .with("age", 22)
        .with("boss", false)
        .with("born", SystemTime::UNIX_EPOCH + Duration::from_micros(1_631_000_000_250_001))
        .with("likes", json!({"colour": "red", "n": [1, null]}))
}

#[maybe_async]
#[test]
async fn every_type_comes_back_as_it_was() {
    let pool = pool();
    let users = pool.client.users();
    let ann = pool.id("ann").await;
    holds(users.get_udf_value(&ann).await.unwrap().is_empty());
    users.set_udf_value(&ann, &data()).await.unwrap();
    same(users.get_udf_value(&ann).await.unwrap(), data());
    for (key, value) in data().iter() {
        let all = users.set_udv(&ann, key, value.clone()).await.unwrap();
        let own = all.iter().find(|udv| udv.key == *key).unwrap();
        assert_eq!(own.value.as_ref(), Some(value));
        assert_eq!(own.label.as_deref(), Some(key.as_str()));
    }
    let listed = users.list_udv(&ann).await.unwrap();
    assert_eq!(listed.len(), 5);
    assert!(listed.iter().any(|udv| udv.data_type == Some(DataType::Boolean)));

    users.remove_udf_value(&ann, "age").await.unwrap();
    let rest = users.remove_udv(&ann, "boss").await.unwrap();
    assert_eq!(rest.len(), 3);
    holds(!users.get_udf_value(&ann).await.unwrap().contains_key("age"));
}

#[maybe_async]
#[test]
async fn many_users_at_once() {
    let pool = pool();
    let users = pool.client.users();
    let (ann, bo) = (pool.id("ann").await, pool.id("bo").await);
    let batch = BTreeMap::from([(ann.clone(), data()), (bo.clone(), CustomData::new().with("age", 40))]);
    users.set_udf_value_batch(&batch).await.unwrap();
    same(users.get_udf_value_batch(&[&ann, &bo]).await.unwrap(), batch);
    same(users.set_udf_value_batch(&BTreeMap::new()).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[maybe_async]
#[test]
async fn users_come_with_their_custom_data_where_asked() {
    let pool = pool();
    let users = pool.client.users();
    let options = CreateUserOptions::new().custom_data(data());
    let mia = users.create_with(&UserInfo::new().username("mia"), options).await.unwrap();
    assert_eq!(mia.custom_data, data());
    let id = mia.id.unwrap();
    let with = [
        users.detail_with(&id, UserDetailOptions::new().with_custom_data(true)).await.unwrap(),
        users.find(UserLookup::username("mia").with_custom_data(true)).await.unwrap(),
        users.list_with(UserListOptions::new().with_custom_data(true)).await.unwrap().list.remove(0),
        users.search_with("mia", UserSearchOptions::new().with_custom_data(true)).await.unwrap().list.remove(0),
        users.batch_get_with(&[&id], BatchGetOptions::new().with_custom_data(true)).await.unwrap().remove(0),
    ];
    for user in with {
        assert_eq!((user.username.as_deref(), &user.custom_data), (Some("mia"), &data()));
    }
    holds(users.detail(&id).await.unwrap().custom_data.is_empty());
}

#[maybe_async]
#[test]
async fn a_value_of_another_type_is_refused_and_nothing_is_set() {
    let pool = pool();
    let users = pool.client.users();
    let ann = pool.id("ann").await;
    let wrong: [(&str, UdfValue); 5] = [
        ("school", 11.into()),
        ("age", "18".into()),
        ("boss", "ok".into()),
        ("likes", true.into()),
        ("unknown", 1.into()),
    ];
    for (key, value) in wrong {
        let error = users.set_udv(&ann, key, value.clone()).await.unwrap_err();
        assert!(error.is_validation(), "{key}: {error}");
        let together = CustomData::new().with("age", 1).with(key, value.clone());
        holds(users.set_udf_value(&ann, &together).await.is_err());
        let options = CreateUserOptions::new().custom_data(CustomData::new().with(key, value));
        holds(users.create_with(&UserInfo::new().username("x"), options).await.is_err());
    }
    holds(users.get_udf_value(&ann).await.unwrap().is_empty());
    same(users.list().await.unwrap().total_count, 2);
    holds(users.get_udf_value("nobody").await.unwrap_err().is_not_found());
}

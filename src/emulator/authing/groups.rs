//! Groups and their members.

use super::{
    refusal::Refusal,
    value::{Args, done, now, put, text},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

pub(super) struct Group {
    pub(super) json: Value,
    pub(super) members: Vec<String>,
}

impl Group {
    pub(super) fn code(&self) -> &str {
        text(&self.json, "code")
    }

    pub(super) fn has(&self, user_id: &str) -> bool {
        self.members.iter().any(|member| member == user_id)
    }
}

impl World {
    pub(super) fn group(&self, code: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.code() == code)
    }

    pub(super) fn create_group(&mut self, code: &str, name: &str, description: Option<&str>) -> HandlerResult {
        if code.is_empty() || name.is_empty() {
            return Err(Refusal::invalid("code and name"));
        }
        if self.group(code).is_some() {
            return Err(Refusal::exists("group"));
        }
        let json = json!({
            "code": code, "name": name, "description": description, "createdAt": now(), "updatedAt": now(),
        });
        self.groups.push(Group { json: json.clone(), members: Vec::new() });
        Ok(json)
    }
}

pub(super) fn groups(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let asked = args.text("userId");
    let groups = world.groups.iter().filter(|group| asked.is_none_or(|user| group.has(user))).collect();
    let groups = args.sorted(groups, |group: &&Group| text(&group.json, "updatedAt").to_owned());
    Ok(args.page(groups, |group| group.json.clone()))
}

pub(super) fn group(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.group(args.required("code")).map(|group| group.json.clone()).unwrap_or_default())
}

pub(super) fn create(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.create_group(args.required("code"), args.required("name"), args.text("description"))
}

pub(super) fn update(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let code = args.required("code");
    let new = args.text("newCode").unwrap_or(code);
    if new != code && world.group(new).is_some() {
        return Err(Refusal::exists("group"));
    }
    let group = world.groups.iter_mut().find(|group| group.code() == code).ok_or(Refusal::missing("group"))?;
    put(&mut group.json, args, &["name", "description"]);
    group.json["code"] = new.into();
    group.json["updatedAt"] = now();
    let json = group.json.clone();
    world.access.rename("GROUP", code, new);
    Ok(json)
}

pub(super) fn delete(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    for code in args.texts("codeList") {
        world.groups.retain(|group| group.code() != code);
        world.access.forget("GROUP", code);
    }
    done()
}

pub(super) fn add_users(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let ids = args.texts("userIds");
    world.all_known(&ids)?;
    let code = args.required("code");
    let group = world.groups.iter_mut().find(|group| group.code() == code).ok_or(Refusal::missing("group"))?;
    for id in ids {
        if !group.has(id) {
            group.members.push(id.to_owned());
        }
    }
    done()
}

/// Removes users from a group. Users who are not members, and groups that do not exist, are ignored.
pub(super) fn remove_users(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let ids = args.texts("userIds");
    let code = args.required("code");
    for group in world.groups.iter_mut().filter(|group| group.code() == code) {
        group.members.retain(|member| !ids.contains(&member.as_str()));
    }
    done()
}

pub(super) fn users(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    let group = world.group(text(of, "code")).ok_or(Refusal::missing("group"))?;
    Ok(world.page_of_users(args, |user| group.has(user.id())))
}

pub(super) fn authorized_resources(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    Ok(world.authorized_resources("GROUP", text(of, "code"), args.text("namespace"), args.text("resourceType")))
}

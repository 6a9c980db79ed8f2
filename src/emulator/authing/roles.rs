//! Roles and their assignments.

use super::{
    access::is_of,
    refusal::Refusal,
    users::User,
    value::{Args, done, new_id, now, put, text},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

impl World {
    pub(super) fn create_role(
        &mut self,
        namespace: &str,
        code: &str,
        description: Option<&str>,
        parent: Option<&str>,
    ) -> HandlerResult {
        if self.access.role(namespace, code).is_some() {
            return Err(Refusal::exists("role"));
        }
        let role = json!({
            "id": new_id(), "namespace": namespace, "code": code, "arn": self.arn("role", code), "description": description,
            "parentCode": parent, "createdAt": now(), "updatedAt": now(),
        });
        self.access.roles.push(role.clone());
        Ok(role)
    }

    /// Assigns roles to users, groups and nodes, or revokes them.
    fn assign_or_revoke(&mut self, args: &Args, give: bool) -> HandlerResult {
        let codes = args.texts("roleCodes").into_iter().chain(args.text("roleCode"));
        let mut roles = Vec::new();
        for code in codes {
            let role = self.access.role(args.namespace(), code).ok_or(Refusal::missing("role"))?;
            roles.push(text(role, "id").to_owned());
        }
        let mut holders: Vec<(&'static str, String)> = Vec::new();
        if give {
            self.all_known(&args.texts("userIds"))?;
        }
        holders.extend(args.texts("userIds").into_iter().map(|id| ("USER", id.to_owned())));
        holders.extend(args.texts("groupCodes").into_iter().map(|code| ("GROUP", code.to_owned())));
        for named in args.texts("nodeCodes") {
            // The vendor's clients send ids under this name.
            let by_code = || self.orgs.iter().find_map(|(org, _)| self.node_by_code(org, named));
            let node = self.nodes.get(named).or_else(by_code).ok_or(Refusal::missing("node"))?;
            holders.push(("ORG", node.id.clone()));
        }
        for role in roles {
            for (kind, id) in &holders {
                self.access.assigned.retain(|known| (&known.0, known.1, &known.2) != (&role, *kind, id));
                if give {
                    self.access.assigned.push((role.clone(), kind, id.clone()));
                }
            }
        }
        done()
    }
}

pub(super) fn roles(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let roles = world.access.roles.iter().filter(|role| role["namespace"] == args.namespace()).collect();
    let roles = args.sorted(roles, |role: &&Value| text(role, "updatedAt").to_owned());
    Ok(args.page(roles, Value::clone))
}

pub(super) fn role(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    Ok(world.access.role(args.namespace(), args.required("code")).cloned().unwrap_or_default())
}

pub(super) fn create_role(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.create_role(args.namespace(), args.required("code"), args.text("description"), args.text("parent"))
}

pub(super) fn update_role(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (namespace, code) = (args.namespace(), args.required("code"));
    let new = args.text("newCode").unwrap_or(code);
    if new != code && world.access.role(namespace, new).is_some() {
        return Err(Refusal::exists("role"));
    }
    let arn = world.arn("role", new);
    let mut roles = world.access.roles.iter_mut();
    let role =
        roles.find(|role| role["namespace"] == namespace && role["code"] == code).ok_or(Refusal::missing("role"))?;
    put(role, args, &["description"]);
    role["code"] = new.into();
    role["arn"] = arn.into();
    role["updatedAt"] = now();
    let role = role.clone();
    world.access.rename("ROLE", code, new);
    Ok(role)
}

pub(super) fn delete_roles(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    for code in args.texts("codeList").into_iter().chain(args.text("code")) {
        let gone = |role: &Value| role["namespace"] == args.namespace() && role["code"] == code;
        let ids: Vec<String> =
            world.access.roles.iter().filter(|role| gone(role)).map(|role| text(role, "id").to_owned()).collect();
        world.access.roles.retain(|role| !gone(role));
        world.access.assigned.retain(|(role, _, _)| !ids.contains(role));
        world.access.grants.retain(|grant| grant["namespace"] != args.namespace() || !is_of(grant, "ROLE", code));
    }
    done()
}

pub(super) fn role_parent(world: &mut World, of: &Value, _: &Args) -> HandlerResult {
    Ok(world.access.role(text(of, "namespace"), text(of, "parentCode")).cloned().unwrap_or_default())
}

pub(super) fn role_users(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    Ok(world.page_of_users(args, |user| world.access.has_role(of, "USER", user.id())))
}

pub(super) fn role_resources(world: &mut World, of: &Value, args: &Args) -> HandlerResult {
    let namespace = Some(text(of, "namespace"));
    Ok(world.authorized_resources("ROLE", text(of, "code"), namespace, args.text("resourceType")))
}

pub(super) fn assign(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.assign_or_revoke(args, true)
}

pub(super) fn revoke(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.assign_or_revoke(args, false)
}

/// Returns whether a user has a role, directly or through a group or department.
pub(super) fn has_role(world: &World, user_id: &str, namespace: &str, code: &str) -> HandlerResult {
    world.known(user_id).map(User::id)?;
    Ok(world.roles_of_user(user_id, namespace).iter().any(|role| role["code"] == code).into())
}

//! Permissions: grants to users, and through roles, policies, groups and departments.

use super::{
    refusal::Refusal,
    value::{Args, done, text, whole},
    world::World,
};
use serde_json::{Value, json};

type HandlerResult = Result<Value, Refusal>;

#[derive(Default)]
pub(super) struct Access {
    /// Roles, each with its parent's code in `parentCode`.
    pub(super) roles: Vec<Value>,
    /// Assignments of roles: role id, kind of holder, identifier of the holder.
    pub(super) assigned: Vec<(String, &'static str, String)>,
    pub(super) policies: Vec<Value>,
    /// Assignments of policies: `namespace`, `code`, `targetType`, `targetIdentifier`, `enabled`.
    pub(super) policy_assignments: Vec<Value>,
    /// Grants: `namespace`, `resource`, `type`, `targetType`, `targetIdentifier`, `actions`.
    pub(super) grants: Vec<Value>,
    pub(super) namespaces: Vec<Value>,
    pub(super) resources: Vec<Value>,
}

/// Returns whether a grant's code or action covers the requested one: `books:*` covers `books:1`.
fn covers(granted: &str, requested: &str) -> bool {
    granted == requested
        || granted == "*"
        || granted.strip_suffix('*').is_some_and(|kind| kind.ends_with(':') && requested.starts_with(kind))
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

pub(super) fn is_of(grant: &Value, target_type: &str, id: &str) -> bool {
    grant["targetType"] == target_type && grant["targetIdentifier"] == id
}

impl Access {
    pub(super) fn role(&self, namespace: &str, code: &str) -> Option<&Value> {
        self.roles.iter().find(|role| role["namespace"] == namespace && role["code"] == code)
    }

    pub(super) fn has_role(&self, role: &Value, kind: &str, id: &str) -> bool {
        self.assigned.iter().any(|(role_id, of, who)| role["id"] == role_id.as_str() && *of == kind && who == id)
    }

    fn roles_of(&self, namespace: &str, holders: &[(&str, &str)]) -> Vec<Value> {
        let held = |role: &&Value| holders.iter().any(|(kind, id)| self.has_role(role, kind, id));
        self.roles.iter().filter(|role| role["namespace"] == namespace).filter(held).cloned().collect()
    }

    /// Removes all roles, policies and grants of a holder that was deleted.
    pub(super) fn forget(&mut self, target_type: &str, id: &str) {
        self.assigned.retain(|(_, kind, who)| *kind != target_type || who != id);
        self.policy_assignments.retain(|assignment| !is_of(assignment, target_type, id));
        self.grants.retain(|grant| !is_of(grant, target_type, id));
    }

    pub(super) fn rename(&mut self, target_type: &str, from: &str, to: &str) {
        let assigned = self.assigned.iter_mut().filter(|(_, kind, who)| *kind == target_type && who == from);
        assigned.for_each(|(_, _, who)| *who = to.to_owned());
        for entry in self.grants.iter_mut().chain(&mut self.policy_assignments) {
            if is_of(entry, target_type, from) {
                entry["targetIdentifier"] = to.into();
            }
        }
    }

    /// Grants actions on a resource, in addition to those granted before.
    pub(super) fn grant(
        &mut self,
        namespace: &str,
        resource: &str,
        kind: Option<&str>,
        who: (&str, &str),
        actions: &[&str],
    ) {
        let of_resource = |known: &&Value| known["namespace"] == namespace && known["code"] == resource;
        let known_kind = self.resources.iter().find(of_resource).map(|known| text(known, "type").to_owned());
        let kind = kind.map(str::to_owned).or(known_kind).unwrap_or_else(|| "DATA".to_owned());
        let same = |grant: &&mut Value| {
            grant["namespace"] == namespace && grant["resource"] == resource && is_of(grant, who.0, who.1)
        };
        if let Some(grant) = self.grants.iter_mut().find(same) {
            let mut all: Vec<&str> = texts(&grant["actions"]).collect();
            all.extend(actions);
            all.dedup();
            grant["actions"] = json!(all);
            return;
        }
        self.grants.push(json!({
            "namespace": namespace, "resource": resource, "type": kind, "targetType": who.0, "targetIdentifier": who.1,
            "actions": actions,
        }));
    }
}

impl World {
    pub(super) fn roles_of_node(&self, id: &str, namespace: &str) -> Vec<Value> {
        let holders: Vec<_> = self.path(id).into_iter().map(|node| ("ORG", node.id.as_str())).collect();
        self.access.roles_of(namespace, &holders)
    }

    /// Returns the roles that a user has: its own, those of its groups, and those of its departments and all nodes above.
    pub(super) fn roles_of_user(&self, id: &str, namespace: &str) -> Vec<Value> {
        self.access.roles_of(namespace, &self.holders_of(id))
    }

    /// Returns the holders, by kind and identifier, through which a user has roles and grants.
    fn holders_of<'a>(&'a self, id: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut holders = vec![("USER", id)];
        holders.extend(self.groups.iter().filter(|group| group.has(id)).map(|group| ("GROUP", group.code())));
        for department in self.departments_of(id) {
            holders.extend(self.path(&department.id).into_iter().map(|node| ("ORG", node.id.as_str())));
        }
        holders
    }

    /// Returns all grants of a holder: its own, and those of its roles, groups and departments.
    fn grants_of(&self, target_type: &str, id: &str, namespace: Option<&str>) -> Vec<&Value> {
        let holders = match target_type {
            "USER" => self.holders_of(id),
            "ORG" => self.path(id).into_iter().map(|node| ("ORG", node.id.as_str())).collect(),
            "GROUP" => vec![("GROUP", id)],
            _ => Vec::new(),
        };
        let mut roles: Vec<&Value> = self
            .access
            .roles
            .iter()
            .filter(|role| holders.iter().any(|(kind, id)| self.access.has_role(role, kind, id)))
            .collect();
        if target_type == "ROLE" {
            roles.extend(self.access.roles.iter().filter(|role| role["code"] == id));
        }
        // A role has what its parent has; each is looked at once, so that a cycle ends.
        let mut at = 0;
        while let Some(role) = roles.get(at) {
            let parent = self.access.role(text(role, "namespace"), text(role, "parentCode"));
            roles.extend(parent.filter(|parent| !roles.iter().any(|known| known["id"] == parent["id"])));
            at += 1;
        }
        let held = |grant: &&Value| {
            holders.iter().any(|(kind, id)| is_of(grant, kind, id))
                || roles
                    .iter()
                    .any(|role| is_of(grant, "ROLE", text(role, "code")) && grant["namespace"] == role["namespace"])
        };
        let inside = |grant: &&Value| namespace.is_none_or(|namespace| grant["namespace"] == namespace);
        self.access.grants.iter().filter(inside).filter(held).collect()
    }

    pub(super) fn authorized_resources(
        &self,
        target_type: &str,
        id: &str,
        namespace: Option<&str>,
        kind: Option<&str>,
    ) -> Value {
        let mut list: Vec<Value> = Vec::new();
        for grant in self.grants_of(target_type, id, namespace) {
            if kind.is_some_and(|kind| grant["type"] != kind) {
                continue;
            }
            match list.iter_mut().find(|known| known["code"] == grant["resource"]) {
                Some(known) => {
                    let mut all: Vec<&str> = texts(&known["actions"]).chain(texts(&grant["actions"])).collect();
                    all.sort_unstable();
                    all.dedup();
                    known["actions"] = json!(all);
                }
                None => list.push(json!({
                    "code": grant["resource"], "type": grant["type"], "actions": grant["actions"],
                })),
            }
        }
        whole(list)
    }

    /// Returns the requested resources that the user may act on, with the actions.
    pub(super) fn permissions(&self, user_id: &str, namespace: &str, resources: &[&str]) -> HandlerResult {
        self.known(user_id)?;
        let grants = self.grants_of("USER", user_id, Some(namespace));
        let mut list = Vec::new();
        for resource in resources {
            let fitting = grants.iter().filter(|grant| covers(text(grant, "resource"), resource));
            let mut actions: Vec<&str> = fitting.flat_map(|grant| texts(&grant["actions"])).collect();
            actions.sort_unstable();
            actions.dedup();
            if !actions.is_empty() {
                list.push(json!({"code": resource, "actions": actions}));
            }
        }
        Ok(list.into())
    }

    /// Returns the resources of one kind that a user may act on.
    pub(super) fn permissions_of_kind(&self, user_id: &str, namespace: &str, kind: &str) -> HandlerResult {
        self.known(user_id)?;
        let mut list = self.authorized_resources("USER", user_id, Some(namespace), None)["list"].take();
        if let Some(list) = list.as_array_mut() {
            let of_kind =
                |code: &str| code.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
            list.retain(|resource| of_kind(text(resource, "code")));
        }
        Ok(list)
    }

    fn may(&self, user_id: &str, namespace: &str, action: &str, resource: &str) -> bool {
        let granted = self.grants_of("USER", user_id, Some(namespace)).into_iter().any(|grant| {
            covers(text(grant, "resource"), resource) && texts(&grant["actions"]).any(|granted| covers(granted, action))
        });
        let holders = self.holders_of(user_id);
        let roles = self.roles_of_user(user_id, namespace);
        let mut allowed = granted;
        for assignment in &self.access.policy_assignments {
            let held = holders.iter().any(|(kind, id)| is_of(assignment, kind, id))
                || roles.iter().any(|role| is_of(assignment, "ROLE", text(role, "code")));
            if !held || assignment["enabled"] == false || assignment["namespace"] != namespace {
                continue;
            }
            let policy = self.access.policies.iter().find(|policy| policy["code"] == assignment["code"]);
            for statement in policy.and_then(|policy| policy["statements"].as_array()).into_iter().flatten() {
                let fits = covers(text(statement, "resource"), resource)
                    && texts(&statement["actions"]).any(|granted| covers(granted, action));
                match statement["effect"].as_str() {
                    Some("DENY") if fits => return false,
                    _ => allowed |= fits,
                }
            }
        }
        allowed
    }

    pub(super) fn grant_all(
        &mut self,
        namespace: &str,
        resource: &str,
        kind: Option<&str>,
        opts: &[Value],
    ) -> HandlerResult {
        for opt in opts.iter().filter(|opt| !opt.is_null()) {
            let actions: Vec<&str> = texts(&opt["actions"]).collect();
            self.access.grant(
                namespace,
                resource,
                kind,
                (text(opt, "targetType"), text(opt, "targetIdentifier")),
                &actions,
            );
        }
        done()
    }

    /// Revokes grants on a resource; where a kind is named, on the resources of that kind.
    pub(super) fn revoke_all(&mut self, namespace: &str, resource: &str, opts: &[Value]) -> HandlerResult {
        let kind = resource.strip_suffix(":*").unwrap_or(resource);
        let taken = |code: &str| code == resource || code.strip_prefix(kind).is_some_and(|rest| rest.starts_with(':'));
        self.access.grants.retain(|grant| {
            let of_one = |opt: &Value| is_of(grant, text(opt, "targetType"), text(opt, "targetIdentifier"));
            grant["namespace"] != namespace || !taken(text(grant, "resource")) || !opts.iter().any(of_one)
        });
        Ok(Value::Null)
    }
}

pub(super) fn allow(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (resource, action) = (args.required("resource"), args.required("action"));
    if !resource.contains(':') && resource != "*" {
        return Err(Refusal::invalid("resource: its form is kind:id"));
    }
    let users = args.texts("userIds").into_iter().chain(args.text("userId")).map(|id| ("USER", id));
    let roles = args.texts("roleCodes").into_iter().chain(args.text("roleCode")).map(|code| ("ROLE", code));
    users.chain(roles).for_each(|who| world.access.grant(args.namespace(), resource, None, who, &[action]));
    done()
}

pub(super) fn is_allowed(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let user = args.required("userId");
    world.known(user)?;
    Ok(world.may(user, args.namespace(), args.required("action"), args.required("resource")).into())
}

pub(super) fn authorize(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    world.grant_all(args.namespace(), args.required("resource"), args.text("resourceType"), args.list("opts"))
}

pub(super) fn authorized(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let (target_type, id) = (args.required("targetType"), args.required("targetIdentifier"));
    Ok(world.authorized_resources(target_type, id, args.text("namespace"), args.text("resourceType")))
}

pub(super) fn authorized_targets(world: &mut World, _: &Value, args: &Args) -> HandlerResult {
    let requested = args.object("actions");
    let wanted: Vec<&str> = requested.get("list").into_iter().flat_map(texts).collect();
    let all = requested.get("op").is_some_and(|op| op == "AND");
    let fits = |grant: &&Value| {
        let has = |action: &&str| texts(&grant["actions"]).any(|granted| covers(granted, action));
        let actions = wanted.is_empty() || if all { wanted.iter().all(has) } else { wanted.iter().any(has) };
        grant["namespace"] == args.namespace()
            && covers(text(grant, "resource"), args.required("resource"))
            && grant["type"] == args.required("resourceType")
            && args.text("targetType").is_none_or(|kind| grant["targetType"] == kind)
            && actions
    };
    let targets = world.access.grants.iter().filter(fits).map(|grant| {
        json!({"targetType": grant["targetType"], "targetIdentifier": grant["targetIdentifier"], "actions": grant["actions"]})
    });
    Ok(whole(targets.collect()))
}

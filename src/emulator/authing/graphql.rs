//! GraphQL: a schema from the crate's schema file, and the functions that resolve its fields.

use super::{
    budget::{self, Budget},
    resolvers::{args::Args, fields::resolver},
    service::{Authing, Caller},
    state::error_response::ErrorResponse,
};
use crate::emulator::document;
use async_graphql::{
    Error, ErrorExtensions as _, Name, Request, Response, ServerError,
    dynamic::{
        Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, Scalar, Schema,
        SchemaError, TypeRef,
    },
    parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};
use serde_json::{Value, json};
use std::{collections::HashSet, io, sync::Arc};

/// The schema that the emulator serves.
const SCHEMA: &str = include_str!("../../authing/schema.graphql");

/// The root fields that require no management token: `accessToken` issues it, the others are for an application's pages.
const PUBLIC: [&str; 3] = ["accessToken", "checkLoginStatus", "sendEmail"];

pub(super) fn schema(authing: Arc<Authing>) -> io::Result<Schema> {
    let document = parse_schema(SCHEMA).map_err(io::Error::other)?;
    let types: Vec<_> = document
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some((definition.node.name.node, definition.node.kind)),
            _ => None,
        })
        .collect();
    let objects: Arc<HashSet<Name>> = Arc::new(
        types.iter().filter(|(_, kind)| matches!(kind, TypeKind::Object(_))).map(|(name, _)| name.clone()).collect(),
    );

    let schema = Schema::build("Query", Some("Mutation"), None).data(authing);
    let mut schema = schema.limit_complexity(budget::FIELDS).limit_depth(budget::DEPTH);
    for (name, kind) in types {
        schema = match kind {
            TypeKind::Object(object) => {
                let fields = object.fields.into_iter().map(|definition| field(&name, definition.node, &objects));
                schema.register(fields.fold(Object::new(name.as_str()), Object::field))
            }
            TypeKind::InputObject(input) => {
                let fields = input.fields.into_iter().map(|definition| input_value(definition.node));
                schema.register(fields.fold(InputObject::new(name.as_str()), InputObject::field))
            }
            TypeKind::Enum(values) => {
                let values = values.values.into_iter().map(|value| value.node.value.node.to_string());
                schema.register(Enum::new(name.as_str()).items(values))
            }
            TypeKind::Scalar => schema.register(Scalar::new(name.as_str())),
            TypeKind::Interface(_) | TypeKind::Union(_) => schema,
        };
    }
    schema.finish().map_err(|SchemaError(error)| io::Error::other(error))
}

fn type_ref(of: &Type) -> TypeRef {
    let base = match &of.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(item) => TypeRef::List(Box::new(type_ref(item))),
    };
    if of.nullable { base } else { TypeRef::NonNull(Box::new(base)) }
}

fn input_value(definition: InputValueDefinition) -> InputValue {
    InputValue::new(definition.name.node.as_str(), type_ref(&definition.ty.node))
}

fn field(object: &Name, definition: FieldDefinition, objects: &Arc<HashSet<Name>>) -> Field {
    let ty = type_ref(&definition.ty.node);
    let is_object = objects.contains(ty.type_name());
    let name = definition.name.node;
    let resolver = resolver(object, &name);
    let is_root = matches!(object.as_str(), "Query" | "Mutation");
    let guarded = is_root && !PUBLIC.contains(&name.as_str());
    let own = name.clone();
    let resolve = move |context: ResolverContext<'_>| -> Result<Option<FieldValue<'_>>, Error> {
        let parent = context.parent_value.downcast_ref::<Value>().unwrap_or(&Value::Null);
        let budget = context.data::<Arc<Budget>>()?;
        let Some(resolver) = resolver else {
            let value = &parent[own.as_str()];
            return Ok(if budget.take(items(value)) { field_value(value.clone(), is_object) } else { None });
        };
        let authing = context.data::<Arc<Authing>>()?;
        if guarded && !context.data::<Caller>()?.is_manager {
            return Err(spelled(&context, &ErrorResponse::NOT_LOGGED_IN));
        }
        let args = context.args.as_index_map().iter();
        let args = args.map(|(name, value)| Ok((name.to_string(), value.clone().into_json()?)));
        let args = Args(args.collect::<Result<_, serde_json::Error>>()?);
        let result = resolver(&mut authing.pool(), parent, &args);
        let value = result.map_err(|error| spelled(&context, &error))?;
        // All of a page is made, whatever the document wants of it.
        budget.take(items(&value) + items(&value["list"]));
        Ok(field_value(value, is_object))
    };
    let arguments = definition.arguments.into_iter().map(|argument| input_value(argument.node));
    let field = Field::new(name.as_str(), ty, move |context| {
        let is_left = context.data::<Arc<Budget>>().is_ok_and(|budget| budget.take(1));
        let value = is_left.then(|| resolve(context));
        // Beyond its budget the document is given up as a whole, so that no field of it goes on.
        FieldFuture::new(async move {
            match value {
                Some(value) => value,
                None => std::future::pending().await,
            }
        })
    });
    arguments.fold(field, Field::argument)
}

/// Returns how many items a list has.
fn items(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

/// Returns a GraphQL error whose message is the JSON of the error response, marked so that [`error`] unwraps it.
fn spelled(context: &ResolverContext<'_>, error: &ErrorResponse) -> Error {
    let json = context.data::<Caller>().map(|caller| caller.spelling.json(error)).unwrap_or_default();
    Error::new(json.to_string()).extend_with(|_, extensions| extensions.set("spelled", true))
}

fn field_value<'a>(value: Value, is_object: bool) -> Option<FieldValue<'a>> {
    match value {
        Value::Null => None,
        Value::Array(values) => {
            let item = |value| field_value(value, is_object).unwrap_or(FieldValue::NULL);
            Some(FieldValue::list(values.into_iter().map(item)))
        }
        value if is_object => Some(FieldValue::owned_any(value)),
        value => Some(FieldValue::value(async_graphql::Value::from_json(value).ok()?)),
    }
}

pub(super) async fn respond(schema: &Schema, request: Request, caller: Caller) -> Value {
    if document::is_too_long(&request.query) {
        return error_response(&caller, &ErrorResponse::invalid("the document is too long"));
    }
    let budget = Arc::<Budget>::default();
    let response: Response = tokio::select! {
        biased;
        response = schema.execute(request.data(caller.clone()).data(budget.clone())) => response,
        () = budget.spent() => return error_response(&caller, &ErrorResponse::invalid("the document asks for too much")),
    };
    let data = response.data.into_json().unwrap_or_default();
    if response.errors.is_empty() {
        return json!({"data": data});
    }
    json!({"errors": response.errors.iter().map(error).collect::<Vec<_>>(), "data": data})
}

/// Returns the response to a request that was refused as a whole.
pub(super) fn error_response(caller: &Caller, error: &ErrorResponse) -> Value {
    json!({"errors": [{"message": caller.spelling.json(error)}], "data": null})
}

/// Writes an error of the response. An error of the service has an object as its message; GraphQL's own errors have text.
fn error(error: &ServerError) -> Value {
    let own = error.extensions.as_ref().is_some_and(|extensions| extensions.get("spelled").is_some());
    let message = if own { serde_json::from_str(&error.message).unwrap_or_default() } else { json!(error.message) };
    json!({"message": message, "locations": error.locations, "path": error.path})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_schema_is_resolved() {
        for definition in parse_schema(SCHEMA).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let TypeKind::Object(object) = definition.node.kind else { continue };
            let name = definition.node.name.node;
            for field in object.fields {
                let field = field.node;
                let computed = matches!(name.as_str(), "Query" | "Mutation") || !field.arguments.is_empty();
                assert!(!computed || resolver(&name, &field.name.node).is_some(), "{name}.{}", field.name.node);
            }
        }
    }
}

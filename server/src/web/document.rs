//! The OpenAPI document, made whole: what all paths have in common is said here once, and not at each of them.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// What stands in a path's braces, and what it is.
const IN_PATHS: [(&str, &str); 5] = [
    ("room", "RoomId"),
    ("program", "ProgramName"),
    ("id", "CallId"),
    ("packet", "PacketId"),
    ("format", "Format"),
];

/// What any request may be answered with: it is malformed, comes from another site's page, or is meant for another server.
const ALWAYS: [u16; 3] = [400, 403, 421];

/// As the server serves it.
pub(super) fn whole(document: &OpenApi) -> Value {
    // It is made of strings and numbers: it can always be written.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({"key": {
        "type": "http", "scheme": "bearer", "description": "The host key: what follows `#key=` in the link that the server prints.",
    }});
    open_parts(&mut document["components"]["schemas"]);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        let operations = item.as_object_mut().into_iter().flatten();
        for (method, operation) in operations {
            if let Some(operation) = operation.as_object_mut() {
                complete(path, method, operation);
            }
        }
    }
    document
}

/// A schema that others are made of must let through what those have beside it, such as a role's name.
fn open_parts(schemas: &mut Value) {
    let mut parts = Vec::new();
    collect_parts(schemas, &mut parts);
    for name in parts {
        if let Some(schema) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
            schema.remove("additionalProperties");
        }
    }
}

fn collect_parts(schema: &Value, parts: &mut Vec<String>) {
    let refers = |part: &Value| Some(part.get("$ref")?.as_str()?.rsplit('/').next()?.to_owned());
    match schema {
        Value::Object(fields) => {
            let all_of = fields.get("allOf").and_then(Value::as_array).into_iter().flatten();
            parts.extend(all_of.filter_map(refers));
            fields.values().for_each(|it| collect_parts(it, parts));
        }
        Value::Array(items) => items.iter().for_each(|it| collect_parts(it, parts)),
        _ => {}
    }
}

fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    for (name, schema) in IN_PATHS {
        if let Some(parameters) = parameters.as_array_mut()
            && path.contains(&format!("{{{name}}}"))
        {
            let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
            parameters
                .push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        }
    }
    // Reading needs the key only where the server listens beyond loopback.
    let key = json!({"key": []});
    operation
        .insert("security".into(), if method == "get" { json!([{}, key]) } else { json!([key]) });
    let takes_body = operation.contains_key("requestBody");
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    let too_long = takes_body.then_some(413);
    for status in ALWAYS.into_iter().chain([401]).chain(too_long) {
        responses.entry(status.to_string()).or_insert_with(|| json!({}));
    }
    for (status, response) in responses {
        let Some(status) = status.parse().ok().and_then(|it| StatusCode::from_u16(it).ok()) else {
            continue;
        };
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = status.canonical_reason().unwrap_or_default().into();
        }
        if status.is_client_error() || status.is_server_error() {
            let schema = json!({"$ref": "#/components/schemas/Problem"});
            response["content"] = json!({"application/problem+json": {"schema": schema}});
        }
    }
}

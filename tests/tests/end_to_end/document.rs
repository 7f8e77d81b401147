//! The OpenAPI document: whole, and true of the paths that it describes.

use serde_json::Value;
use socketscope_tests::{Client, TestServer};

/// All that a value refers to.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|it| references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let server = TestServer::start();
    let (status, document) = Client::new(server.address, None).get("/api/openapi.json").await;
    assert_eq!(status, 200);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let place = reference.strip_prefix('#').expect("a part of the document");
        assert!(document.pointer(place).is_some(), "{reference} is missing");
    }
    let paths = document["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let what = format!("{method} {path}");
            let parameters = operation["parameters"].as_array().expect("a list");
            let mut in_path: Vec<_> = parameters
                .iter()
                .filter(|it| it["in"] == "path")
                .map(|it| it["name"].as_str().expect("a name"))
                .collect();
            let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
            let mut names: Vec<_> = names.collect();
            in_path.sort_unstable();
            names.sort_unstable();
            assert_eq!(in_path, names, "{what}");
            for parameter in parameters {
                let required = parameter["required"] == true;
                assert_eq!(required, parameter["in"] == "path", "{what}: {parameter}");
            }
            for (status, response) in operation["responses"].as_object().expect("responses") {
                assert!(
                    !response["description"].as_str().unwrap_or("").is_empty(),
                    "{what} {status}"
                );
                if status.starts_with(['4', '5']) {
                    assert!(
                        response["content"]["application/problem+json"].is_object(),
                        "{what} {status}"
                    );
                }
            }
            assert!(operation["security"].is_array(), "{what}");
        }
    }
    assert_eq!(document["components"]["securitySchemes"]["key"]["scheme"], "bearer");
}

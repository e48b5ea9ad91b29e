//! The JSON Schema of scenario files, made of the flags and of the kinds of faults, so that it has every key and no other.

use cnsim::scenario::Kind;
use serde_json::{Map, Value, json};

use super::fault_table::{HOW, SHARED, STATE};
use super::keys::{FAULT, Key, Takes, keys};

/// The schema as a file.
pub fn text() -> String {
    let mut properties: Map<String, Value> = keys().iter().map(|key| (key.name.clone(), of_key(key))).collect();
    let faults = Kind::KEYS.map(|(kind, keys)| of_kind(kind, keys));
    properties.insert(
        FAULT.to_owned(),
        json!({
            "description": "What befalls nodes and links: a table for each fault, with a name",
            "type": "object",
            "additionalProperties": { "oneOf": faults },
        }),
    );
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario of cnsim",
        "description": "Its keys are the flags of `cnsim run`. Dashes are as good as underscores",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

fn of_key(key: &Key) -> Value {
    let help = key.help.as_str();
    match key.takes {
        Takes::Switch => json!({ "description": help, "type": "boolean" }),
        Takes::Number => json!({ "description": help, "type": ["number", "string"] }),
        Takes::Text if !key.words.is_empty() => json!({ "description": help, "enum": key.words }),
        Takes::Text => json!({ "description": help, "type": "string" }),
        Takes::List => json!({ "description": help, "type": "array", "items": { "type": "string" } }),
    }
}

fn of_kind(kind: &str, keys: &[&str]) -> Value {
    let all = SHARED.iter().chain(keys);
    let mut properties: Map<String, Value> = all.map(|key| ((*key).to_owned(), of_fault_key(key))).collect();
    properties.insert("kind".to_owned(), json!({ "const": kind }));
    json!({ "type": "object", "properties": properties, "required": ["kind", "at"], "additionalProperties": false })
}

fn of_fault_key(key: &str) -> Value {
    let text = |description: &str| json!({ "description": description, "type": "string" });
    let who = || json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
    match key {
        "kind" => text("What the fault does"),
        "at" => text("When it begins, from the instant at which the round does, as 5s"),
        "for" => text("How long it lasts, as 10s; to the end of the round where it is not there"),
        "who" => json!({ "description": WHO, "anyOf": who()["anyOf"] }),
        "sides" => {
            json!({ "description": "Who is on each side, as who, or rest", "type": "array", "minItems": 2, "items": who() })
        }
        "one_way" => {
            json!({ "description": "Whether only what the first side sends is stopped", "type": "boolean" })
        }
        "how" => json!({ "description": "What goes down: a node, or its whole process", "enum": HOW }),
        "state" => json!({ "description": "What nodes hold when they are back", "enum": STATE }),
        "back_after" => text("After how long each node is up again, as 3s, exponential:3s or weibull:0.5:3s"),
        "session" => text("How long each node stays up, as 3s, exponential:3s or weibull:0.5:3s"),
        "down" => text("How long each node stays down, as 3s, exponential:3s or weibull:0.5:3s"),
        "period" => text("The period of a duty cycle, as 10s"),
        "on" => text("For how much of each period a node is awake, as 2s"),
        "loss" => text("How often a copy is lost, as 5%"),
        "delay" => text("How much longer a copy is on its way, as constant:5ms"),
        "rate" => text("How many bits a second each node sends, as 5Mbit"),
        other => unreachable!("{other} is a key of a kind, and a test makes the schema of every one"),
    }
}

const WHO: &str =
    "all, a share as 10%, a list of ids, a range of places as 0..49, best-connected:5, around:NODE or region:NAME";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::keys::find;

    #[test]
    fn the_schema_that_is_shipped_has_every_key_and_no_other() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scenario.schema.json");
        let shipped = std::fs::read_to_string(path).unwrap();
        let schema: Value = serde_json::from_str(&shipped).unwrap();
        let names = |value: &Value| value["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();

        for name in names(&schema) {
            assert!(name == FAULT || find(&name).is_some(), "{name} is no key");
        }
        assert_eq!(names(&schema).len(), keys().len() + 1);
        let kinds = schema["properties"][FAULT]["additionalProperties"]["oneOf"].as_array().unwrap();
        let found: Vec<(String, BTreeSet<String>)> = kinds
            .iter()
            .map(|kind| (kind["properties"]["kind"]["const"].as_str().unwrap().to_owned(), names(kind)))
            .collect();
        let known = Kind::KEYS.map(|(kind, keys)| {
            (kind.to_owned(), SHARED.iter().chain(keys).map(|key| (*key).to_owned()).collect::<BTreeSet<_>>())
        });
        assert_eq!(found, known);
        assert!(shipped == text(), "write it again: cnsim scenario schema > docs/scenario.schema.json");
    }
}

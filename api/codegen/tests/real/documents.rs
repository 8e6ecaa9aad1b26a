//! Documents of which code is generated.

use serde_json::{Value, json};

/// A shop with what clients commonly need: parameters of all places, bodies of all kinds, security.
pub fn shop() -> Value {
    let order = json!({ "$ref": "#/components/schemas/Order" });
    let answer = |schema: Value| json!({ "200": { "description": "ok", "content": { "application/json": { "schema": schema } } } });
    let id =
        json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let list = json!([
        { "name": "limit", "in": "query", "schema": { "type": "integer", "default": 5 } },
        { "name": "x-trace", "in": "header", "schema": { "type": "string" } },
        { "name": "sort", "in": "query",
          "schema": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] } } },
    ]);
    let upload = json!({ "type": "object", "properties": {
        "file": { "type": "string", "format": "binary" }, "name": { "type": "string" } } });
    let form = json!({ "type": "object", "required": ["a"], "properties": {
        "a": { "type": "string" }, "b": { "type": "array", "items": { "type": "integer" } } } });
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Shop", "version": "1.0", "description": "A \"shop\"." },
        "servers": [{ "url": "https://{host}/v1", "variables": { "host": { "default": "shop.example" } } }],
        "security": [{ "key": [] }, { "oauth": ["read"] }, { "basic": [] }],
        "paths": {
            "/orders": {
                "get": { "tags": ["orders"], "operationId": "listOrders", "parameters": list,
                         "responses": answer(json!({ "type": "array", "items": order })) },
                "post": { "tags": ["orders"], "operationId": "addOrder",
                          "requestBody": { "required": true, "content": { "application/json": { "schema": order } } },
                          "responses": { "201": { "description": "made" } } },
            },
            "/orders/{id}": { "get": { "operationId": "getOrder", "parameters": id, "responses": answer(order) } },
            "/files": { "post": { "operationId": "upload",
                "requestBody": { "content": { "multipart/form-data": { "schema": upload } } },
                "responses": { "200": { "description": "ok" } } } },
            "/form": { "post": { "operationId": "form",
                "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": form } } },
                "responses": { "200": { "description": "ok" } } } },
        },
        "components": {
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "X-Key" },
                "basic": { "type": "http", "scheme": "basic" },
                "oauth": { "type": "oauth2", "flows": { "clientCredentials": {
                    "tokenUrl": "https://shop.example/token", "scopes": { "read": "to read" } } } },
            },
            "schemas": {
                "Order": { "type": "object", "required": ["id"], "properties": {
                    "id": { "type": "integer" },
                    "at": { "type": "string", "format": "date-time" },
                    "example": { "type": "string", "pattern": "^[a-z]+$" },
                    "extra": { "type": "object", "additionalProperties": { "type": "string" } },
                    "item": { "$ref": "#/components/schemas/Item" },
                    "state": { "type": "string", "enum": ["open", "closed"], "default": "open" },
                } },
                "Item": { "allOf": [{ "$ref": "#/components/schemas/Named" },
                                    { "type": "object", "properties": { "price": { "type": "number" } } }] },
                "Named": { "type": "object", "properties": { "name": { "type": "string" } } },
            },
        },
    })
}

/// The smallest one.
pub fn small() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Small", "version": "1" },
        "paths": { "/a": { "get": { "operationId": "getA", "responses": { "200": { "description": "ok" } } } } },
    })
}

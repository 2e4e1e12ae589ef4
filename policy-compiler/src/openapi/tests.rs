use super::*;
use crate::source::Sources;
use bartizan_engine::blob::draft::{PathPattern, Segment};

fn expected(text: &str) -> Vec<(String, Vec<String>)> {
    let mut sources = Sources::default();
    let file = sources.add("api.yaml", text);
    let root = document::read(text, file).unwrap();
    assert_eq!(foreign(&root), None);
    let read = operations::expectations(&root).into_iter().map(|expectation| {
        let Expectation { methods, path, names, formats } = expectation;
        let mut all: Vec<String> = names.into_iter().map(|name| name.value).chain(formats).collect();
        all.sort();
        (format!("{} {}", methods.join(","), written(&path)), all)
    });
    read.collect()
}

fn written(path: &PathPattern) -> String {
    let segments = path.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Parameter(name) => format!("/{{{name}}}"),
        Segment::Any => String::from("/*"),
        Segment::Rest => String::from("/**"),
    });
    segments.collect()
}

const SHOP: &str = "
openapi: 3.1.0
servers:
  - { url: 'https://{host}.example.com/v1/', variables: { host: { default: api } } }
paths:
  /customers/{id}:
    get:
      responses:
        200: { content: { application/json: { schema: { $ref: '#/components/schemas/Customer' } } } }
        404: { $ref: '#/components/responses/Nothing' }
    delete:
      responses: { 204: { description: gone } }
  /files/{name}.json:
    servers: [{ url: / }]
    post:
      x-data-class: secrets
      responses: {}
components:
  responses:
    Nothing: { headers: { X-Who: { schema: { format: ipv4 } } } }
  schemas:
    Customer: &customer
      type: object
      properties:
        mail: { type: string, format: email }
        number: { x-data-class: [payment_card, iban] }
        parent: { $ref: '#/components/schemas/Customer' }
        when: { format: date-time }
    Alias: *customer
";

#[test]
fn formats_and_classes_of_all_replies_are_expected() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        expected(SHOP),
        [
            (
                String::from("GET /v1/customers/{id}"),
                names(&["date_time", "email", "iban", "ip_address", "payment_card"])
            ),
            (String::from("POST /files/*"), names(&["secrets"])),
        ]
    );
}

#[test]
fn json_is_read_as_well_even_with_tabs() {
    let text = "{\t\"openapi\": \"3.0.3\",\n\t\"paths\": {\"/me\": {\"get\": {\"responses\": {\"200\": {\"content\": \
                {\"application/json\": {\"schema\": {\"type\": \"array\", \"items\": {\"format\": \"email\"}}}}}}}}}}";
    assert_eq!(expected(text), [(String::from("GET /me"), vec![String::from("email")])]);
}

#[test]
fn references_in_circles_and_to_nowhere_end() {
    let text = "
openapi: 3.0.0
paths:
  /a: { get: { responses: { 200: { content: { a: { schema: { $ref: '#/x' } } } } } } }
  /b: { get: { responses: { 200: { content: { a: { schema: { $ref: '#/nowhere' } } } } } } }
x: { $ref: '#/y' }
y: { $ref: '#/x' }
";
    assert_eq!(expected(text), []);
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let mut sources = Sources::default();
    for (text, line) in [("openapi: 3.0.0\npaths: [", 2), ("{\n\"openapi\":\t\"3.0.0\",\n\"paths\": ]", 3)] {
        let file = sources.add("api.yaml", text);
        let (span, _) = document::read(text, file).unwrap_err();
        assert_eq!(sources.file(file).unwrap().position(span.start).line, line, "{text}");
    }
    // One alias of aliases and so on would be a billion values.
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let file = sources.add("bomb.yaml", bomb.as_str());
    assert!(document::read(&bomb, file).is_err());
}

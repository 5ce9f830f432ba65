// Renders /v1/openapi.json to read: operations by subject, parameters, bodies, answers, schemas that open in
// place. Builds the page from nodes and text, never from markup in the document; loads nothing else.
"use strict";

const METHODS = ["get", "post", "put", "delete"];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text with `code` and **strong** as elements. */
function prose(text) {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  return parts.map((part) => {
    if (part.startsWith("`")) return element("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return element("strong", {}, part.slice(2, -2));
    return part;
  });
}

function paragraphs(text) {
  return text.split(/\n\s*\n/).map((one) => element("p", {}, ...prose(one.replaceAll("``", "`").trim())));
}

class Schemas {
  constructor(components) {
    this.components = components;
  }

  /** One line that says what a value is, with references as names that open below. */
  line(schema) {
    if (schema.$ref) return schema.$ref.split("/").pop();
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    const any = schema.anyOf ?? schema.oneOf;
    if (any) return any.map((one) => this.line(one)).join(" | ");
    if (schema.type === "array") {
      const items = schema.items && Object.keys(schema.items).length ? this.line(schema.items) : "any";
      return `list of ${items}` + this.bounds(schema);
    }
    if (Array.isArray(schema.type)) return schema.type.join(" | ");
    const word = schema.format === "date-time" ? "time" : (schema.type ?? "any");
    return word + this.bounds(schema);
  }

  bounds(schema) {
    const said = [];
    if (schema.minimum !== undefined) said.push(`≥ ${schema.minimum}`);
    if (schema.exclusiveMinimum !== undefined) said.push(`> ${schema.exclusiveMinimum}`);
    if (schema.maximum !== undefined) said.push(`≤ ${schema.maximum}`);
    if (schema.minLength !== undefined || schema.maxLength !== undefined)
      said.push(`${schema.minLength ?? 0}–${schema.maxLength ?? "∞"} characters`);
    if (schema.minItems !== undefined || schema.maxItems !== undefined)
      said.push(`${schema.minItems ?? 0}–${schema.maxItems ?? "∞"}`);
    if (schema.pattern) said.push(schema.pattern);
    return said.length ? ` (${said.join(", ")})` : "";
  }

  /** Names of the components that a schema mentions directly. */
  mentioned(schema, found = new Set()) {
    if (Array.isArray(schema)) schema.forEach((one) => this.mentioned(one, found));
    else if (schema && typeof schema === "object") {
      if (schema.$ref) found.add(schema.$ref.split("/").pop());
      for (const [key, value] of Object.entries(schema)) if (key !== "discriminator") this.mentioned(value, found);
    }
    return found;
  }

  /** Everything about a schema; what it mentions opens inside, made when it is opened. */
  view(schema, above = []) {
    const made = element("div");
    const target = schema.$ref ? this.components[schema.$ref.split("/").pop()] : schema;
    const inside = schema.$ref ? [...above, schema.$ref.split("/").pop()] : above;
    if (!schema.$ref && !schema.properties) made.append(element("p", {}, element("code", {}, this.line(schema))));
    if (target.description) made.append(...paragraphs(target.description).map((p) => (p.classList.add("note"), p)));
    if (target.enum && schema.$ref) made.append(element("p", {}, element("code", {}, this.line(target))));
    if (target.properties) made.append(this.table(target));
    for (const name of this.mentioned(schema.$ref ? target : (schema.properties ?? schema))) {
      if (inside.includes(name)) continue;
      const details = element("details", {}, element("summary", {}, element("code", {}, name)));
      details.addEventListener("toggle", () => {
        if (details.open && details.children.length === 1)
          details.append(this.view({ $ref: `#/components/schemas/${name}` }, inside));
      });
      made.append(details);
    }
    return made;
  }

  table(target) {
    const required = new Set(target.required ?? []);
    const rows = Object.entries(target.properties).map(([name, schema]) =>
      element(
        "tr",
        {},
        element("td", {}, element("code", {}, name)),
        element("td", {}, element("code", {}, this.line(schema))),
        element("td", { class: "note" }, required.has(name) ? "" : "optional"),
      ),
    );
    return element("table", {}, ...rows);
  }
}

function parameters(operation, schemas) {
  if (!operation.parameters.length) return [];
  const rows = operation.parameters.map((one) =>
    element(
      "tr",
      {},
      element("td", {}, element("code", {}, one.name)),
      element("td", {}, one.in),
      element("td", {}, element("code", {}, schemas.line(one.schema))),
      element("td", { class: "note" }, one.required ? "" : "optional"),
    ),
  );
  return [element("h4", {}, "Parameters"), element("table", {}, ...rows)];
}

function body(operation, schemas) {
  if (!operation.requestBody) return [];
  const [media, content] = Object.entries(operation.requestBody.content)[0];
  return [element("h4", {}, `Body, ${media}`), schemas.view(content.schema)];
}

function answers(operation, schemas) {
  const made = [element("h4", {}, "Answers")];
  const refusals = [];
  for (const [status, answer] of Object.entries(operation.responses)) {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    if (status.startsWith("2")) {
      made.push(element("p", {}, element("code", {}, status), " ", answer.description));
      if (schema) made.push(schemas.view(schema));
    } else {
      const said = element("td", {}, ...prose(answer.description));
      refusals.push(element("tr", {}, element("td", {}, element("code", {}, status)), said));
    }
  }
  if (refusals.length) made.push(element("table", {}, ...refusals));
  return made;
}

function access(operation) {
  const declared = operation["x-comity-access"];
  if (!declared) return element("p", { class: "access" }, "public");
  const standing = { centre: "; the centre only", tree_auditor: "; the centre and the charter's auditors" };
  const words = `scope ${declared.scope}; roles ${declared.roles.join(", ")}${standing[declared.standing] ?? ""}`;
  return element("p", { class: "access" }, words);
}

function article(path, method, operation, schemas) {
  return element(
    "article",
    { id: operation.operationId },
    element("h3", {}, element("span", { class: `method ${method}` }, method.toUpperCase()), ` ${path}`),
    element("p", {}, operation.summary),
    access(operation),
    ...parameters(operation, schemas),
    ...body(operation, schemas),
    ...answers(operation, schemas),
  );
}

function searchable(shown) {
  const find = document.getElementById("find");
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { made, link, text } of shown) {
      const hidden = !words.every((word) => text.includes(word));
      made.hidden = hidden;
      link.hidden = hidden;
    }
    for (const section of document.querySelectorAll("section"))
      section.hidden = [...section.children].slice(1).every((one) => one.hidden);
  });
}

function render(description) {
  const schemas = new Schemas(description.components.schemas);
  const main = document.getElementById("operations");
  const contents = document.getElementById("contents");
  document.getElementById("version").textContent = description.info.version;
  main.replaceChildren(...paragraphs(description.info.description));
  const subjects = new Map();
  for (const [path, methods] of Object.entries(description.paths))
    for (const method of METHODS)
      if (methods[method]) {
        const operation = methods[method];
        const subject = operation.tags[0];
        if (!subjects.has(subject)) subjects.set(subject, []);
        subjects.get(subject).push({ path, method, operation });
      }
  const shown = [];
  for (const [subject, operations] of subjects) {
    const listed = element("section", {}, element("h2", {}, subject));
    const section = element("section", {}, element("h2", {}, subject));
    contents.append(listed);
    main.append(section);
    for (const { path, method, operation } of operations) {
      const made = article(path, method, operation, schemas);
      const name = element("span", { class: `method ${method}` }, method.toUpperCase());
      const link = element("a", { href: `#${operation.operationId}` }, name, ` ${path.replace("/v1", "")}`);
      const declared = JSON.stringify(operation["x-comity-access"] ?? "public");
      shown.push({ made, link, text: `${method} ${path} ${operation.summary} ${declared}`.toLowerCase() });
      section.append(made);
      listed.append(link);
    }
  }
  searchable(shown);
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/v1/openapi.json")
  .then((response) => response.json())
  .then(render)
  .catch(() => {
    document.getElementById("waiting").textContent = "The description could not be read.";
  });

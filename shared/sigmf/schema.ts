/**
 * The part of JSON Schema that SigMF's schemas use, without code generation, so that it runs anywhere. One sentence per
 * fault. Keywords it does not know hold no rule here (`default`, `examples`, `description`).
 */
import { isObject } from "./fields.js";

export interface Schema {
  type?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  items?: Schema;
  anyOf?: Schema[];
  pattern?: string;
  format?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
}

const MOST_FAULTS = 50;

export function schemaFaults(schema: Schema, value: unknown, where: string): string[] {
  const faults: string[] = [];
  check(schema, value, where, faults);
  return faults;
}

function check(schema: Schema, value: unknown, where: string, faults: string[]): void {
  if (faults.length >= MOST_FAULTS) return;
  if (schema.anyOf && !schema.anyOf.some((option) => passes(option, value, where))) {
    faults.push(`${where} has none of the forms that SigMF allows.`);
    return;
  }
  if (schema.type && !hasType(value, schema.type)) {
    faults.push(`${where} must be ${article(schema.type)}, but is ${shown(value)}.`);
    return;
  }
  if (schema.enum && !schema.enum.includes(value)) {
    faults.push(`${where} must be one of ${schema.enum.join(", ")}, but is ${shown(value)}.`);
  }
  if (typeof value === "number") checkNumber(schema, value, where, faults);
  else if (typeof value === "string") checkText(schema, value, where, faults);
  else if (Array.isArray(value)) checkArray(schema, value, where, faults);
  else if (isObject(value)) checkObject(schema, value, where, faults);
}

function passes(schema: Schema, value: unknown, where: string): boolean {
  const faults: string[] = [];
  check(schema, value, where, faults);
  return faults.length === 0;
}

function checkNumber(schema: Schema, value: number, where: string, faults: string[]): void {
  if (schema.minimum !== undefined && value < schema.minimum)
    faults.push(`${where} must be at least ${schema.minimum}, but is ${value}.`);
  if (schema.maximum !== undefined && value > schema.maximum)
    faults.push(`${where} must be at most ${schema.maximum}, but is ${value}.`);
}

const FORMATS: Record<string, RegExp> = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
};

function checkText(schema: Schema, value: string, where: string, faults: string[]): void {
  if (schema.pattern && !new RegExp(schema.pattern).test(value))
    faults.push(`${where} is ${shown(value)}, which is not what SigMF allows there.`);
  const format = schema.format ? FORMATS[schema.format] : undefined;
  if (format && !format.test(value)) faults.push(`${where} is not a ${schema.format}.`);
}

function checkArray(schema: Schema, value: unknown[], where: string, faults: string[]): void {
  if (schema.minItems !== undefined && value.length < schema.minItems)
    faults.push(`${where} needs at least ${schema.minItems} entries.`);
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    faults.push(`${where} has more than ${schema.maxItems} entries.`);
  const { items } = schema;
  if (items) value.forEach((item, at) => check(items, item, `${where}[${at}]`, faults));
}

function checkObject(
  schema: Schema,
  value: Record<string, unknown>,
  where: string,
  faults: string[],
): void {
  for (const key of schema.required ?? [])
    if (!(key in value)) faults.push(`${where} lacks ${key}, which SigMF requires.`);
  for (const [key, item] of Object.entries(value)) {
    const property = schema.properties?.[key];
    if (property) check(property, item, `${where}.${key}`, faults);
    else if (schema.additionalProperties === false)
      faults.push(`${where} holds ${key}, which SigMF does not allow there.`);
  }
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return typeof value === "string";
  }
}

function article(type: string): string {
  return type === "object" || type === "array" || type === "integer" ? `an ${type}` : `a ${type}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

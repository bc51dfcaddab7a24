import type { Schema } from '../../src/control/v1/described-route.ts'

/**
 * Returns how a value violates a schema; empty if the value is valid. Supports the part of JSON Schema that the OpenAPI
 * description uses.
 */
export function violations(
  value: unknown,
  schema: Schema,
  schemas: { readonly [name: string]: Schema },
  at = '$',
): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '')
    const target = schemas[name]
    return target === undefined ? [`${at}: ${schema.$ref} is not there`] : violations(value, target, schemas, at)
  }
  if (schema.oneOf !== undefined) {
    const matching = schema.oneOf.filter((one) => violations(value, one, schemas, at).length === 0)
    return matching.length === 1 ? [] : [`${at}: ${matching.length} of oneOf match`]
  }
  const found: string[] = []
  if (schema.const !== undefined && value !== schema.const) found.push(`${at}: not ${schema.const}`)
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) found.push(`${at}: not in the enum`)
  switch (schema.type) {
    case 'object':
      return [...found, ...objectViolations(value, schema, schemas, at)]
    case 'array':
      if (!Array.isArray(value)) return [...found, `${at}: no array`]
      if (value.length < (schema.minItems ?? 0)) found.push(`${at}: too few`)
      return [...found, ...value.flatMap((item, i) => violations(item, schema.items ?? {}, schemas, `${at}[${i}]`))]
    case 'integer':
    case 'number':
      if (typeof value !== 'number' || (schema.type === 'integer' && !Number.isInteger(value)))
        return [...found, `${at}: no ${schema.type}`]
      return value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)
        ? [...found, `${at}: out of range`]
        : found
    case undefined:
      return found
    default:
      return typeof value === schema.type ? found : [...found, `${at}: no ${schema.type}`]
  }
}

function objectViolations(
  value: unknown,
  schema: Schema,
  schemas: { readonly [name: string]: Schema },
  at: string,
): string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [`${at}: no object`]
  const members = Object.entries(value)
  const missing = (schema.required ?? []).filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`)
  const wrong = members.flatMap(([name, member]) => {
    const known = schema.properties?.[name]
    if (known !== undefined) return violations(member, known, schemas, `${at}.${name}`)
    return schema.additionalProperties === false ? [`${at}.${name} is not known`] : []
  })
  return [...missing, ...wrong]
}

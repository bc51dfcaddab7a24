/** The part of JSON Schema that the schema of route tables uses. */
export type Schema = true | { readonly [keyword: string]: unknown }

/** Returns where a value violates the schema; undefined if the value is valid. */
export function invalidBy(schema: Schema, value: unknown, root: Schema = schema, at = '$'): string | undefined {
  if (schema === true) return undefined
  const inner = (part: unknown, of: unknown, where: string) => invalidBy(part as Schema, of, root, where)
  const fits = (part: unknown) => inner(part, value, at) === undefined
  for (const [keyword, given] of Object.entries(schema)) {
    const wrong = `${at}: ${keyword} ${JSON.stringify(given)}`
    switch (keyword) {
      case '$schema':
      case '$defs':
      case 'title':
      case 'description':
        break
      case '$ref': {
        const trouble = inner((root as { $defs: { [name: string]: unknown } }).$defs[String(given).slice(8)], value, at)
        if (trouble !== undefined) return trouble
        break
      }
      case 'type':
        if (![given].flat().includes(typeOf(value))) return wrong
        break
      case 'enum':
        if (!(given as unknown[]).includes(value)) return wrong
        break
      case 'const':
        if (value !== given) return wrong
        break
      case 'pattern':
        if (typeof value === 'string' && !new RegExp(given as string).test(value)) return wrong
        break
      case 'minLength':
        if (typeof value === 'string' && value.length < (given as number)) return wrong
        break
      case 'minItems':
        if (Array.isArray(value) && value.length < (given as number)) return wrong
        break
      case 'minProperties':
        if (isObject(value) && Object.keys(value).length < (given as number)) return wrong
        break
      case 'required':
        if (isObject(value) && !(given as string[]).every((name) => name in value)) return wrong
        break
      case 'items': {
        const list = Array.isArray(value) ? value : []
        const trouble = list.map((item, i) => inner(given, item, `${at}[${i}]`)).find((found) => found !== undefined)
        if (trouble !== undefined) return trouble
        break
      }
      case 'propertyNames':
        for (const name of isObject(value) ? Object.keys(value) : []) {
          const trouble = inner(given, name, `${at}.${name}`)
          if (trouble !== undefined) return trouble
        }
        break
      case 'properties':
      case 'additionalProperties': {
        const known = (schema['properties'] ?? {}) as { readonly [name: string]: unknown }
        for (const [name, member] of Object.entries(isObject(value) ? value : {})) {
          const isKnown = Object.hasOwn(known, name)
          if (isKnown !== (keyword === 'properties')) continue
          if (!isKnown && given === false) return `${wrong} and ${name}`
          const trouble = inner(isKnown ? known[name] : given, member, `${at}.${name}`)
          if (trouble !== undefined) return trouble
        }
        break
      }
      case 'oneOf':
        if ((given as unknown[]).filter(fits).length !== 1) return wrong
        break
      case 'anyOf':
        if (!(given as unknown[]).some(fits)) return wrong
        break
      case 'not':
        if (fits(given)) return wrong
        break
      default:
        throw new Error(`${keyword} is not known here`)
    }
  }
  return undefined
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } => typeOf(value) === 'object'

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

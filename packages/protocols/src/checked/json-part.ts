const MOST_LEVELS = 1_000

/**
 * The first part of a value that JSON would lose or change, and how, such as `message.entries[2] is undefined`;
 * undefined if the value survives JSON.
 */
export const partNotJson = (value: unknown, path: string): string | undefined => firstPart(value, path, [])

function firstPart(value: unknown, path: string, within: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`
    case 'undefined':
      return `${path} is undefined`
    case 'function':
    case 'symbol':
      return `${path} is a ${typeof value}`
    case 'bigint':
      return `${path} is a BigInt`
    case 'object':
      return value === null ? undefined : firstPartOfObject(value, path, within)
  }
}

function firstPartOfObject(value: object, path: string, within: readonly object[]): string | undefined {
  if (within.includes(value)) return `${path} contains itself`
  if (within.length >= MOST_LEVELS) return `${path.slice(0, 60)}… is nested more than ${MOST_LEVELS} levels deep`
  const inner = [...within, value]
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = firstPart(value[i], `${path}[${i}]`, inner)
      if (found !== undefined) return found
    }
    return undefined
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // A plain object from another realm has that realm's Object.prototype.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return `${path} is ${aOrAn(className(value))}`
  if (Object.getOwnPropertySymbols(value).length > 0) return `${path} has a member that is named by a symbol`
  for (const [name, member] of Object.entries(value)) {
    const found = firstPart(member, pathTo(path, name), inner)
    if (found !== undefined) return found
  }
  return undefined
}

const pathTo = (path: string, name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`

function className(value: object): string {
  const made: unknown = value.constructor
  return typeof made === 'function' && made.name !== '' ? made.name : 'object of some class'
}

const aOrAn = (name: string): string => `${/^[AEIOUaeiou]/.test(name) ? 'an' : 'a'} ${name}`

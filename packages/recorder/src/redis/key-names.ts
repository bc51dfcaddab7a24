import type { Json } from '@chaosproxy/history'

/**
 * The names of keys in a history: the key itself in database 0, `1/key` in another database, `key[field]` for a field
 * of a hash. A key that looks like one of the latter, or is not text, is named by its JSON text, so that different
 * keys have different names.
 */
export function nameOfKey(database: string, key: Json): string {
  const name = textOf(key)
  return database === '0' ? name : `${database}/${name}`
}

export const nameOfField = (keyName: string, field: Json): string => `${keyName}[${textOf(field)}]`

const textOf = (word: Json): string => (typeof word === 'string' && !AMBIGUOUS.test(word) ? word : JSON.stringify(word))

const AMBIGUOUS = /^["{]|^\d+\/|\[/

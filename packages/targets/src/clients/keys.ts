import { createHash } from 'node:crypto'
import { inputError } from '@chaosproxy/history'

/** Maps a workload's key (`x`, `y`, …) to the service's name. All clients of a run use the same function. */
export type NameKey = (key: string) => string

/** Matches a placeholder: the run, the key, a number in order of first use, or a UUID. */
const PLACEHOLDER = /\{(\w+)\}/g
const KNOWN = ['key', 'number', 'run', 'uuid']

/** Compiles a template of key names. @throws UserError (input) if every object would have the same name. */
export function compileKeyNames(template: string, where: string): (run: string) => NameKey {
  const used = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
  const stranger = used.find((name) => !KNOWN.includes(name))
  if (stranger !== undefined)
    throw inputError(`${where}: "keys" contains {${stranger}}. The placeholders are {key}, {number}, {run} and {uuid}.`)
  if (!['key', 'number', 'uuid'].some((name) => used.includes(name)))
    throw inputError(
      `${where}: "keys" is ${JSON.stringify(template)}, which is the same for all objects. Include {key}, {number} or {uuid}: "item-{number}".`,
    )
  return (run) => {
    const names = new Map<string, string>()
    return (key) => {
      let name = names.get(key)
      if (name === undefined) {
        const words: { readonly [name: string]: string } = {
          ...{ key, run, number: String(names.size + 1) },
          uuid: used.includes('uuid') ? uuidOf(`${run} ${key}`) : '',
        }
        name = template.replaceAll(PLACEHOLDER, (_, word: string) => words[word] ?? '')
        names.set(key, name)
      }
      return name
    }
  }
}

/** Returns a UUID with the version field 4, because some services check the version. */
const uuidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5')

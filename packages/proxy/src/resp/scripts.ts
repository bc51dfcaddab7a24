import { createHash } from 'node:crypto'
import type { Json } from '@chaosproxy/history'
import type { Part } from './answers.ts'
import { type CommandReader, type CommandReaders, type Names, type Recognised, word } from './command-reader.ts'
import { luaTokens } from './lua-tokens.ts'

/** Compare and set: `EVAL source 1 key expected value` answers 1, or 0 if the value was different. */
export const COMPARE_AND_SET = `if redis.call('GET',KEYS[1]) == ARGV[1] then redis.call('SET',KEYS[1],ARGV[2]) return 1 else return 0 end`

/**
 * Releases a lock if it still holds this token, as in the documentation of SET: `EVAL source 1 key token` answers 1,
 * otherwise 0.
 */
export const RELEASE = `if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end`

/** Drains a list filled by LPUSH, oldest first: `EVAL source 1 key`. */
export const DRAIN = `local all = {} while true do local value = redis.call('RPOP',KEYS[1]) if not value then return all end all[#all + 1] = value end`

export interface ScriptOptions {
  readonly source: string
  /** How many words follow the key. */
  readonly values: number
  /** The operation it is; undefined if it is not recorded. */
  readonly partOf: (key: Json, values: readonly Json[], names: Names) => Part | undefined
}

/**
 * Records a script with one key as one operation, however it is laid out. It is called by its source, or by the SHA-1
 * of the text above or of a layout that a client has sent.
 */
export function scriptCommands({ source, values, partOf }: ScriptOptions): CommandReaders {
  const layouts = createLayouts(source)
  const calledAs =
    (isIt: (script: string) => boolean): CommandReader =>
    (words, names): Recognised | undefined => {
      const [, script, keys] = words
      if (words.length !== 4 + values || typeof script !== 'string' || keys !== '1' || !isIt(script)) return undefined
      const part = partOf(word(words, 3), words.slice(4), names)
      return part === undefined ? undefined : { parts: [part], errorsLate: true }
    }
  return {
    EVAL: calledAs(layouts.learn),
    EVALSHA: calledAs(layouts.isKnown),
    SCRIPT: ([, subcommand, script]) => {
      if (String(subcommand).toUpperCase() === 'LOAD' && typeof script === 'string') layouts.learn(script)
      return undefined
    },
  }
}

/** Texts that are the same script. */
interface Layouts {
  /** Whether this text is the script; if so, its SHA-1 is known from here on. */
  learn(text: string): boolean
  isKnown(sha: string): boolean
}

const MOST_LAYOUTS = 100
/** Longer texts are some other script: no layout needs so much. */
const LONGEST_LAYOUT = 10_000

function createLayouts(source: string): Layouts {
  const tokens = JSON.stringify(luaTokens(source))
  // Clients send the same few texts over and over.
  const verdicts = new Map<string, boolean>([[source, true]])
  const shas = new Set([shaOf(source)])
  return {
    learn(text) {
      const known = verdicts.get(text)
      if (known !== undefined) return known
      if (text.length > source.length + LONGEST_LAYOUT) return false
      const found = luaTokens(text)
      const isIt = found !== undefined && JSON.stringify(found) === tokens
      if (verdicts.size < MOST_LAYOUTS) verdicts.set(text, isIt)
      if (isIt && shas.size < MOST_LAYOUTS) shas.add(shaOf(text))
      return isIt
    },
    isKnown: (sha) => shas.has(sha.toLowerCase()),
  }
}

const shaOf = (text: string): string => createHash('sha1').update(text).digest('hex')

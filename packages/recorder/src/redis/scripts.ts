import { createHash } from 'node:crypto'
import type { Json } from '@chaosproxy/history'
import type { CommandOperation } from './answers.ts'
import type { CommandReader, CommandReaders, Names, Recognised } from './command-reader.ts'

/** Compare and set: `EVAL source 1 key expected value` returns 1, or 0 for another value. */
export const COMPARE_AND_SET = `if redis.call('GET',KEYS[1]) == ARGV[1] then redis.call('SET',KEYS[1],ARGV[2]) return 1 else return 0 end`

/**
 * Releases a lock with this token, as in the documentation of SET: `EVAL source 1 key token` returns 1, otherwise 0.
 */
export const RELEASE = `if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end`

/** Drains a list filled by LPUSH, oldest first: `EVAL source 1 key`. */
export const DRAIN = `local all = {} while true do local value = redis.call('RPOP',KEYS[1]) if not value then return all end all[#all + 1] = value end`

/** A recorded script, and its effect on its keys and values. */
export interface KnownScript {
  readonly is: ScriptText
  /** The operations of a call, if it can be recorded. */
  readonly recognise: (
    keys: readonly Json[],
    values: readonly Json[],
    names: Names,
  ) => Recognised | 'no effect' | undefined
}

/** Identifies a script by its text in any layout, its SHA-1, or a part of its text. */
export type ScriptText = { readonly source: string } | { readonly sha: string } | { readonly contains: string }

/** Returns a script that takes one key and `count` values, and is recorded as one operation. */
export const oneOperation = (
  source: string,
  count: number,
  partOf: (key: Json, values: readonly Json[], names: Names) => CommandOperation | undefined,
): KnownScript => ({
  is: { source },
  recognise(keys, values, names) {
    const [key = null] = keys
    const part = keys.length === 1 && values.length === count ? partOf(key, values, names) : undefined
    return part === undefined ? undefined : { parts: [part] }
  },
})

/** Returns readers that record calls of these scripts, by source or by SHA-1. The first matching script applies. */
export function scriptCommands(scripts: readonly KnownScript[]): CommandReaders {
  const tokensOf = rememberingLast((text) => JSON.stringify(luaTokens(text)))
  const known = scripts.map(({ is, recognise }) => ({ recognise, layouts: createLayouts(is, tokensOf) }))
  const calledAs =
    (isIt: (layouts: Layouts, script: string) => boolean): CommandReader =>
    (words, names) => {
      const [, script] = words
      const count = Number(words[2])
      if (typeof script !== 'string' || !Number.isSafeInteger(count) || count < 0 || words.length < 3 + count)
        return undefined
      const found = known.find(({ layouts }) => isIt(layouts, script))
      const recognised = found?.recognise(words.slice(3, 3 + count), words.slice(3 + count), names)
      return typeof recognised === 'object' ? { ...recognised, errorsLate: true } : recognised
    }
  return {
    EVAL: calledAs((layouts, text) => layouts.learn(text)),
    EVALSHA: calledAs((layouts, sha) => layouts.isKnown(sha)),
    SCRIPT: ([, subcommand, script]) => {
      if (String(subcommand).toUpperCase() === 'LOAD' && typeof script === 'string')
        for (const { layouts } of known) layouts.learn(script)
      return undefined
    },
  }
}

interface Layouts {
  /** Whether this text is the script. If so, its SHA-1 is remembered. */
  learn(text: string): boolean
  isKnown(sha: string): boolean
}

const MOST_LAYOUTS = 100
/**
 * The maximum number of characters by which a client's script may be longer than the known script. A longer script
 * counts as another script. Whitespace and comments never add more in practice.
 */
const LONGEST_LAYOUT = 10_000

function createLayouts(is: ScriptText, tokensOf: TokensOf): Layouts {
  const isText = textCheck(is, tokensOf)
  // Clients send the same few texts repeatedly, so the result for each text is remembered.
  const verdicts = new Map<string, boolean>()
  const shas = new Set('sha' in is ? [is.sha.toLowerCase()] : 'source' in is ? [shaOf(is.source)] : [])
  return {
    learn(text) {
      const known = verdicts.get(text)
      if (known !== undefined) return known
      const isIt = isText(text)
      if (verdicts.size < MOST_LAYOUTS) verdicts.set(text, isIt)
      if (isIt && shas.size < MOST_LAYOUTS) shas.add(shaOf(text))
      return isIt
    },
    isKnown: (sha) => shas.has(sha.toLowerCase()),
  }
}

type TokensOf = (text: string) => string | undefined

/** Caches the tokens of the last text, which is compared with every known script. */
function rememberingLast(tokensOf: TokensOf): TokensOf {
  let last: { readonly text: string; readonly tokens: string | undefined } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, tokens: tokensOf(text) }
    return last.tokens
  }
}

function textCheck(is: ScriptText, tokensOf: TokensOf): (text: string) => boolean {
  if ('sha' in is) return (text) => shaOf(text) === is.sha.toLowerCase()
  if ('contains' in is) return (text) => text.includes(is.contains)
  const tokens = tokensOf(is.source)
  return (text) => {
    if (text === is.source) return true
    if (text.length > is.source.length + LONGEST_LAYOUT) return false
    const found = tokensOf(text)
    return found !== undefined && found === tokens
  }
}

const shaOf = (text: string): string => createHash('sha1').update(text).digest('hex')

/**
 * Returns the tokens of a Lua 5.1 script, or undefined if it cannot be read. Two scripts with equal tokens are
 * equivalent, or both are invalid. Whitespace, comments, the kind of quotes, and the letter case of Redis commands do
 * not affect the tokens.
 */
export function luaTokens(script: string): readonly string[] | undefined {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < script.length) {
    const found = TOKEN.exec(script)?.groups
    if (found === undefined) return undefined
    const { string, other } = found
    if (string !== undefined) tokens.push(isCommand(tokens) ? inQuotes(string).toUpperCase() : inQuotes(string))
    else if (other !== undefined) {
      if (ENDS.has(other)) dropSemicolon(tokens)
      tokens.push(other)
    }
  }
  dropSemicolon(tokens)
  return tokens
}

/** Long brackets end with as many equals signs as they begin with. */
const TOKEN = new RegExp(
  [
    /\s+/,
    /--\[(?<comment>=*)\[[\s\S]*?\]\k<comment>\]/,
    /--(?!\[=*\[)[^\n]*/,
    /(?<string>'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|\[(?<level>=*)\[[\s\S]*?\]\k<level>\])/,
    /(?<other>[A-Za-z_]\w*|\.?\d(?:[\w.]|(?<=[eE])[+-])*|\.{2,3}|[=~<>]=|-(?!-)|\[(?!=*\[)|[+*/%^#=<>(){}\];:,.])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
)

/** A semicolon after the last statement of a block is redundant. */
const ENDS: ReadonlySet<string> = new Set(['else', 'elseif', 'end'])

function dropSemicolon(tokens: string[]): void {
  if (tokens.at(-1) === ';') tokens.pop()
}

/** Returns a string in double quotes. A string with escapes or long brackets is returned unchanged. */
const inQuotes = (string: string): string =>
  string.startsWith('[') || string.includes('\\') ? string : `"${string.slice(1, -1)}"`

/** Whether the next token is a command, whose letter case Redis ignores. */
const isCommand = (tokens: readonly string[]): boolean => CALLS.has(tokens.slice(-4).join(' '))

const CALLS: ReadonlySet<string> = new Set(['redis . call (', 'redis . pcall ('])

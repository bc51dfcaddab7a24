import { createHash } from 'node:crypto'
import { saysOneOr } from './answers.ts'
import { type CommandReader, type CommandReaders, cas, keeping, word } from './command-reader.ts'
import { counterCommands } from './counter-commands.ts'
import { hashCommands } from './hash-commands.ts'
import { queueCommands } from './queue-commands.ts'
import { setCommands } from './set-commands.ts'
import { stringCommands } from './string-commands.ts'

/** What is recorded of a Redis. Commands that no reader takes are passed on, and what they change is marked. */
export interface CommandSet {
  /** What the history is checked as. */
  readonly model: string
  readonly readers: ReadonlyMap<string, CommandReader>
  /** Scripts write none but the keys that they declare. */
  readonly scriptsKeepToKeys: boolean
}

const readersOf: { readonly [model: string]: CommandReaders } = {
  register: { ...stringCommands, ...hashCommands },
  counter: counterCommands,
  set: setCommands,
  queue: queueCommands,
}

/** The models that Redis' data can be recorded as. */
export const commandModels: readonly string[] = Object.keys(readersOf)

export interface CommandSetOptions {
  /** One of `commandModels`; `register` by default. */
  readonly model?: string | undefined
  /** The source of a script that compares and sets: see `casScript`. */
  readonly cas?: string | undefined
  readonly scriptsKeepToKeys?: boolean | undefined
}

export function commandSet({ model = 'register', cas, scriptsKeepToKeys = false }: CommandSetOptions = {}): CommandSet {
  const readers = new Map(Object.entries(readersOf[model] ?? {}))
  if (cas !== undefined) for (const [name, reader] of Object.entries(casScript(cas))) readers.set(name, reader)
  return { model, readers, scriptsKeepToKeys }
}

/**
 * A script, called as `EVAL source 1 key expected value`, that answers 1 where it found what was expected and put the
 * value in its place, or else 0: a cas. By its SHA-1 it is known as well.
 */
function casScript(source: string): CommandReaders {
  const sha = createHash('sha1').update(source).digest('hex')
  const calledAs =
    (isIt: (script: string) => boolean): CommandReader =>
    (words, names) => {
      const [, script, keys] = words
      if (words.length !== 6 || typeof script !== 'string' || !isIt(script) || keys !== '1') return undefined
      const part = cas(
        names.key(word(words, 3)),
        [word(words, 4), word(words, 5)],
        saysOneOr('another value was there'),
      )
      return { parts: [keeping(part)], errorsLate: true }
    }
  return {
    EVAL: calledAs((script) => script === source),
    EVALSHA: calledAs((script) => script.toLowerCase() === sha),
  }
}

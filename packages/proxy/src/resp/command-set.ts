import { createHash } from 'node:crypto'
import { saysOneOr } from './answers.ts'
import { type CommandReader, type CommandReaders, cas, keeping, word } from './command-reader.ts'
import { counterCommands } from './counter-commands.ts'
import { hashCommands } from './hash-commands.ts'
import { queueCommands } from './queue-commands.ts'
import { setCommands } from './set-commands.ts'
import { stringCommands } from './string-commands.ts'

/** Which commands to record. All others are passed on, and the keys they change are marked. */
export interface CommandSet {
  /** The model to check the history as. */
  readonly model: string
  readonly readers: ReadonlyMap<string, CommandReader>
  /** Whether scripts write only the keys they declare. */
  readonly scriptsKeepToKeys: boolean
}

const readersOf: { readonly [model: string]: CommandReaders } = {
  register: { ...stringCommands, ...hashCommands },
  counter: counterCommands,
  set: setCommands,
  queue: queueCommands,
}

/** The models that Redis data can be recorded as. */
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
 * Records a script as a cas. It is called as `EVAL source 1 key expected value`, or by its SHA-1, and answers 1 if it
 * found the expected value and replaced it, otherwise 0.
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

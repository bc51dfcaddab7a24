import { saysOneOr } from './answers.ts'
import { type CommandReader, type CommandReaders, cas, keeping } from './command-reader.ts'
import { counterCommands } from './counter-commands.ts'
import { hashCommands } from './hash-commands.ts'
import { listCommands } from './list-commands.ts'
import { lockCommands } from './lock-commands.ts'
import { queueCommands } from './queue-commands.ts'
import { scriptCommands } from './scripts.ts'
import { setCommands } from './set-commands.ts'
import { stringCommands } from './string-commands.ts'

/** Which commands to record. All others are passed on, and the keys they change are marked. */
export interface CommandSet {
  /** The model to check the history as. */
  readonly model: string
  readonly readers: ReadonlyMap<string, CommandReader>
  /** Whether scripts write only the keys they declare. */
  readonly scriptsKeepToKeys: boolean
  /** Whether a change with a WAIT right behind it is acknowledged by the answer to the WAIT. */
  readonly isConfirmedByWait: boolean
}

/** Created per command set: script commands cache the scripts that clients have sent. */
const readersOf: { readonly [model: string]: () => CommandReaders } = {
  register: () => ({ ...stringCommands, ...hashCommands }),
  counter: () => counterCommands,
  set: () => setCommands,
  queue: queueCommands,
  'list-append': () => listCommands,
  lock: lockCommands,
}

/** The models that Redis data can be recorded as. */
export const commandModels: readonly string[] = Object.keys(readersOf)

export interface CommandSetOptions {
  /** One of `commandModels`; `register` by default. */
  readonly model?: string | undefined
  /** The source of a script that compares and sets: see `casScript`. */
  readonly cas?: string | undefined
  readonly scriptsKeepToKeys?: boolean | undefined
  readonly isConfirmedByWait?: boolean | undefined
}

export function commandSet(options: CommandSetOptions = {}): CommandSet {
  const { model = 'register', cas, scriptsKeepToKeys = false, isConfirmedByWait = false } = options
  const readers = new Map(Object.entries(readersOf[model]?.() ?? {}))
  if (cas !== undefined) for (const [name, reader] of Object.entries(casScript(cas))) readers.set(name, reader)
  return { model, readers, scriptsKeepToKeys, isConfirmedByWait }
}

/**
 * Records a script as a cas. It is called as `EVAL source 1 key expected value`, or by its SHA-1, and answers 1 if it
 * found the expected value and replaced it, otherwise 0.
 */
const casScript = (source: string): CommandReaders =>
  scriptCommands({
    source,
    values: 2,
    partOf: (key, values, names) => keeping(cas(names.key(key), values, saysOneOr('another value was there'))),
  })

import { interpretOneOr } from './answers.ts'
import { type CommandReader, type CommandReaders, cas, keeping } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'
import { counterCommands, counterTable } from './counter-commands.ts'
import { type DeclaredScript, declaredScript } from './declared-scripts.ts'
import { hashCommands } from './hash-commands.ts'
import { listCommands, listTable } from './list-commands.ts'
import { lockCommands, lockScripts, lockTable } from './lock-commands.ts'
import { queueCommands, queueScripts, queueTable } from './queue-commands.ts'
import { rateLimitScripts } from './rate-limit-scripts.ts'
import { tokenScripts } from './redlock-scripts.ts'
import { type KnownScript, oneOperation, scriptCommands } from './scripts.ts'
import { setCommands, setTable } from './set-commands.ts'
import { registerTable, stringCommands } from './string-commands.ts'
import { workQueueCommands, workQueueScripts, workQueueTable } from './work-queue-commands.ts'

/**
 * The commands to record as operations. Other commands are passed on; the keys that they may change are marked as
 * touched.
 */
export interface CommandSet {
  readonly model: string
  readonly readers: ReadonlyMap<string, CommandReader>
  readonly scriptsKeepToKeys: boolean
  /** Whether the reply to a following WAIT acknowledges a change. */
  readonly isConfirmedByWait: boolean
}

interface Spoken {
  readonly readers: CommandReaders
  readonly scripts?: readonly KnownScript[]
  /** How chaos' own clients send the operations. */
  readonly table: CommandTable
  /** The name of the object in workloads; by default, the name of the model. */
  readonly object?: string
}

const LOCK_MS = 10_000

/** The commands and scripts of each model's objects. */
const spoken: { readonly [model: string]: Spoken } = {
  register: {
    readers: { ...stringCommands, ...hashCommands },
    scripts: [...rateLimitScripts, ...tokenScripts],
    table: registerTable,
  },
  counter: { readers: counterCommands, table: counterTable },
  set: { readers: setCommands, table: setTable },
  queue: { readers: queueCommands, scripts: queueScripts, table: queueTable },
  'work-queue': { readers: workQueueCommands, scripts: workQueueScripts, table: workQueueTable },
  'list-append': { readers: listCommands, table: listTable, object: 'lists' },
  lock: { readers: lockCommands, scripts: lockScripts, table: lockTable(LOCK_MS) },
}

export const commandModels: readonly string[] = Object.keys(spoken)

export const commandTables: { readonly [model: string]: CommandTable } = Object.fromEntries(
  Object.entries(spoken).map(([model, { table }]) => [model, table]),
)

export const objectModels: ReadonlyMap<string, string> = new Map(
  Object.entries(spoken).map(([model, { object = model }]) => [object, model]),
)

export interface CommandSetOptions {
  /** One of `commandModels`; `register` by default. */
  readonly model?: string | undefined
  /** The source of a compare-and-set script. `casScript` says how clients call it. */
  readonly cas?: string | undefined
  readonly declared?: readonly DeclaredScript[] | undefined
  readonly scriptsKeepToKeys?: boolean | undefined
  readonly isConfirmedByWait?: boolean | undefined
}

export function commandSet(options: CommandSetOptions = {}): CommandSet {
  const { model = 'register', cas, declared = [], scriptsKeepToKeys = false, isConfirmedByWait = false } = options
  const { readers: plain = {}, scripts = [] } = spoken[model] ?? {}
  const own = declared.map((script) => declaredScript(script, plain))
  const all = [...own, ...(cas === undefined ? [] : [casScript(cas)]), ...scripts]
  // Script commands remember the scripts that clients sent. So each command set needs script commands of its own.
  const ofScripts = all.length === 0 ? {} : scriptCommands(all)
  const readers = new Map(Object.entries({ ...plain, ...ofScripts }))
  return { model, readers, scriptsKeepToKeys, isConfirmedByWait }
}

/**
 * Returns a script that is recorded as a cas, called as `EVAL source 1 key expected value` or by its SHA-1. It returns
 * 1, or 0 if it found another value.
 */
const casScript = (source: string): KnownScript =>
  oneOperation(source, 2, (key, values, names) =>
    keeping(cas(names.key(key), values, interpretOneOr('another value was there'))),
  )

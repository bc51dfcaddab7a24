import { COMPARE_AND_SET, DRAIN, RELEASE } from '@chaosproxy/proxy'

/** How an operation is asked of a Redis, and what its answer means. Errors mean what the recorder takes them for. */
export interface CommandSpec {
  /** Its words; `{key}`, `{value}`, of a cas `{old}` and `{new}`, and `{token}`, another one each time, are filled in. */
  readonly send: readonly string[]
  /** What the answer is; by default the result is what was given. */
  readonly result?: 'given' | 'token' | 'text' | 'number' | 'boolean' | 'list' | undefined
  /** Answers that say that certainly nothing was done. */
  readonly refused?: readonly (string | number | null)[] | undefined
}

/** By function, in order: the first whose words can be said. */
export interface CommandTable {
  readonly [f: string]: readonly CommandSpec[]
}

const GET = ['GET', '{key}']

/** What comes with this program, named by what the data is recorded as. */
const tables: { readonly [name in TableName]: CommandTable } = {
  register: {
    read: [{ send: GET, result: 'text' }],
    write: [{ send: ['SET', '{key}', '{value}'] }, { send: ['DEL', '{key}'] }],
    cas: [
      { send: ['EVAL', COMPARE_AND_SET, '1', '{key}', '{old}', '{new}'], refused: [0] },
      // Nothing is expected: there is no text for null.
      { send: ['SET', '{key}', '{new}', 'NX'], refused: [null] },
    ],
    append: [{ send: ['APPEND', '{key}', '{value}'] }],
  },
  counter: {
    read: [{ send: GET, result: 'number' }],
    add: [{ send: ['INCRBY', '{key}', '{value}'] }],
  },
  set: {
    read: [{ send: ['SMEMBERS', '{key}'], result: 'list' }],
    add: [{ send: ['SADD', '{key}', '{value}'] }],
    remove: [{ send: ['SREM', '{key}', '{value}'] }],
    contains: [{ send: ['SISMEMBER', '{key}', '{value}'], result: 'boolean' }],
  },
  queue: {
    enqueue: [{ send: ['LPUSH', '{key}', '{value}'] }],
    dequeue: [{ send: ['RPOP', '{key}'], result: 'text' }],
    drain: [{ send: ['EVAL', DRAIN, '1', '{key}'], result: 'list' }],
  },
  'list-append': {
    read: [{ send: ['LRANGE', '{key}', '0', '-1'], result: 'list' }],
    append: [{ send: ['RPUSH', '{key}', '{value}'] }],
  },
  lock: lockTable(10_000),
}

/** A lock as the documentation of SET has it; it is free again after its time to live, whoever thinks to hold it. */
export function lockTable(timeToLiveMs: number): CommandTable {
  return {
    acquire: [
      { send: ['SET', '{key}', '{token}', 'NX', 'PX', String(timeToLiveMs)], result: 'token', refused: [null] },
    ],
    release: [{ send: ['EVAL', RELEASE, '1', '{key}', '{value}'], refused: [0] }],
  }
}

export type TableName = 'register' | 'counter' | 'set' | 'queue' | 'list-append' | 'lock'
export const tableNames: readonly string[] = Object.keys(tables)
export const isTableName = (commands: string | OwnCommands): commands is TableName =>
  typeof commands === 'string' && tableNames.includes(commands)

/** A table of the user's own: one command for a function, or several. */
export interface OwnCommands {
  readonly [f: string]: CommandSpec | readonly CommandSpec[]
}

export function commandsOf(commands: TableName | OwnCommands): CommandTable {
  if (isTableName(commands)) return tables[commands]
  return Object.fromEntries(
    Object.entries(commands).map(([f, spec]) => [
      f,
      Array.isArray(spec) ? (spec as readonly CommandSpec[]) : [spec as CommandSpec],
    ]),
  )
}

import { COMPARE_AND_SET, DRAIN, RELEASE } from '@chaosproxy/recorder/redis'

/**
 * How to send an operation to Redis, and what its reply means. Error replies are classified by the recorder's rules.
 */
export interface CommandSpec {
  /** The words of the command. `{key}`, `{value}`, a cas's `{old}` and `{new}`, and a fresh `{token}` are filled in. */
  readonly send: readonly string[]
  /** The kind of reply; by default the result is the input. */
  readonly result?: 'given' | 'token' | 'text' | 'number' | 'boolean' | 'list' | undefined
  /** Replies that mean the operation certainly had no effect. */
  readonly refused?: readonly (string | number | null)[] | undefined
}

/** By function, in order of preference: the first command whose placeholders can all be filled in is sent. */
export interface CommandTable {
  readonly [f: string]: readonly CommandSpec[]
}

const GET = ['GET', '{key}']

/** The built-in tables, named after the data type that the record gets. */
const tables: { readonly [name in TableName]: CommandTable } = {
  register: {
    read: [{ send: GET, result: 'text' }],
    write: [{ send: ['SET', '{key}', '{value}'] }, { send: ['DEL', '{key}'] }],
    cas: [
      { send: ['EVAL', COMPARE_AND_SET, '1', '{key}', '{old}', '{new}'], refused: [0] },
      // A cas from null, which has no text: the key must not exist.
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

/** A lock as in the documentation of SET. It expires after its time to live, even if its holder does not notice. */
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

/** The functions that some table has. */
export const tableFunctions: readonly string[] = [...new Set(Object.values(tables).flatMap(Object.keys))]

/** The objects of workloads and their tables. Only `lists` has another name than its table. */
export const objectTables: ReadonlyMap<string, TableName> = new Map(
  (Object.keys(tables) as TableName[]).map((name) => [name === 'list-append' ? 'lists' : name, name]),
)

/** A user's table: one or several commands for each function. */
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

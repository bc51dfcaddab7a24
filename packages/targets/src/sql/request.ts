import {
  type Completion,
  type ErrorMeaning,
  type Input,
  isTransaction,
  type Json,
  membersOf,
} from '@chaosproxy/history'

/** The objects of workloads that a database can store, each in its own table. */
export type ObjectName = (typeof objectNames)[number]
export const objectNames = ['register', 'counter', 'set', 'lists', 'transactions', 'bank'] as const

/**
 * How a transfer changes balances. With `read-then-write`, a transaction writes values that it computed from earlier
 * reads, as in many applications.
 */
export type Transfers = (typeof transfersMade)[number]
export const transfersMade = ['in-place', 'read-then-write'] as const

/** The values of one row, or of a statement's parameters, as texts. */
export type Row = readonly (string | null)[]

/** A statement. `parameters` replace the placeholders of the database's own dialect. */
export interface Command {
  readonly sql: string
  readonly parameters: Row
}

/** Whether a failed change certainly had no effect (`fail`), or may have had an effect (`info`). */
export type Certainty = ErrorMeaning['means']

export interface Done {
  readonly type: 'done'
  readonly rows: readonly Row[]
  /** The number of rows that the command wrote or, if it only reads, returned. */
  readonly changed: number | undefined
}

/** The end of a command: `done`, or an error and whether the change may have happened. */
export type Judged = Done | { readonly type: Certainty; readonly error: string }

export type SqlRequest =
  /** A single command, which is its own transaction. */
  | { readonly type: 'command'; readonly command: Command; readonly result: (done: Done) => Completion }
  | {
      readonly type: 'transaction'
      readonly commands: readonly StepCommand[]
      /**
       * Returns the completion of a committed transaction. By default, the value of the completion is the input's
       * value.
       */
      readonly result?: (done: readonly Done[]) => Completion
    }
  | { readonly type: 'unknown'; readonly why: string }

/**
 * A command of a transaction. With `otherwise`, the command must change a row. If it does not, the transaction is
 * rolled back, and `otherwise` is the reason.
 */
type StepCommand = Command & { readonly otherwise?: string }

export interface Objects {
  readonly functions: readonly string[]
  tables(initial: Json): readonly string[]
  /** `transfers`: how a bank changes balances. */
  requestFor(input: Input, transfers?: Transfers): SqlRequest
}

export type ObjectsByName = { readonly [name in ObjectName]: Objects }

/** Returns a read of the first column of the only row. */
export const reading = (sql: string, parameters: readonly string[], absent: Json): SqlRequest => ({
  type: 'command',
  command: { sql, parameters },
  result: ({ rows }) => ({ type: 'ok', value: jsonIn(rows, absent) }),
})

function jsonIn(rows: Done['rows'] | undefined, absent: Json): Json {
  const text = rows?.[0]?.[0]
  return text === undefined || text === null ? absent : (JSON.parse(text) as Json)
}

export const changing = (command: Command, given: Json): SqlRequest => ({
  type: 'command',
  command,
  result: () => ({ type: 'ok', value: given }),
})

/** Returns a change that takes effect only if a row matches. */
export const comparing = (command: Command, value: Json): SqlRequest => ({
  type: 'command',
  command,
  result: ({ changed }) =>
    changed === 0 ? { type: 'fail', error: 'mismatch', answered: true } : { type: 'ok', value },
})

/** The commands of micro-operations. Parameters: the key and, except for `r`, the value. */
export interface MicroCommands {
  readonly [kind: string]: string
}

/**
 * Returns a transaction of micro-operations in the given order. The database ends one of two deadlocked transactions.
 */
export function transacting(steps: readonly Json[], commands: MicroCommands): SqlRequest {
  const known = steps.map((step) => (Array.isArray(step) ? (step as readonly Json[]) : []))
  const strange = known.find(([kind]) => typeof kind !== 'string' || !Object.hasOwn(commands, kind))
  if (strange !== undefined) return unknown(`the step ${JSON.stringify(strange)}`)
  return {
    type: 'transaction',
    commands: known.map(([kind, key, given = null]) => ({
      sql: commands[String(kind)] ?? '',
      parameters: kind === 'r' ? [String(key)] : [String(key), JSON.stringify(given)],
    })),
    result: (done) => ({
      type: 'ok',
      value: known.map(
        ([kind = null, key = null, given = null], i): Json => [
          kind,
          key,
          kind === 'r' ? jsonIn(done[i]?.rows, null) : given,
        ],
      ),
    }),
  }
}

export interface BankCommands {
  /** Takes an amount from an account, if the balance is high enough. Parameters: the account, and the amount. */
  readonly take: string
  /** Adds an amount to an account. Parameters: the account, and the amount. */
  readonly give: string
  /** Reads and keeps the payer's balance for `takeRead`. Parameters: the same as for `take`. */
  readonly readPayer: string
  /** Reads and keeps the payee's balance for `giveRead`. Parameter: the account. */
  readonly readPayee: string
  /**
   * Writes the balance that was read from the payer's account, minus the amount. Parameters: the same as for `give`.
   */
  readonly takeRead: string
  readonly giveRead: string
  /** Records a transfer. Changes no row if the transfer was recorded before. Parameter: the number of the transfer. */
  readonly once: string
}

/** Returns a transfer. It locks accounts in order of their names, so that transfers cannot deadlock. */
export function transferring(value: Json, transfers: Transfers, bank: BankCommands): SqlRequest {
  const { from, to, amount, id } = membersOf(value)
  const taken = [String(from), String(amount)]
  const given = [String(to), String(amount)]
  const short = 'insufficient funds'
  const noAccount = `there is no account ${to}`
  const [reads, take, give]: readonly [StepCommand[], StepCommand, StepCommand] =
    transfers === 'in-place'
      ? [
          [],
          { sql: bank.take, parameters: taken, otherwise: short },
          { sql: bank.give, parameters: given, otherwise: noAccount },
        ]
      : [
          [
            { sql: bank.readPayer, parameters: taken, otherwise: short },
            { sql: bank.readPayee, parameters: [String(to)], otherwise: noAccount },
          ],
          { sql: bank.takeRead, parameters: taken, otherwise: short },
          { sql: bank.giveRead, parameters: given, otherwise: noAccount },
        ]
  const moves = [...reads, ...(String(from) < String(to) ? [take, give] : [give, take])]
  const once = { sql: bank.once, parameters: [String(id)], otherwise: 'made before' }
  return { type: 'transaction', commands: id === undefined ? moves : [once, ...moves] }
}

export const unknown = (f: string): SqlRequest => ({ type: 'unknown', why: `there is no command for ${f}` })

export function objectOf(functions: readonly string[], initial: Json): ObjectName {
  if (functions.some(isTransaction)) return 'transactions'
  if (functions.includes('transfer')) return 'bank'
  if (functions.includes('add')) return typeof initial === 'number' ? 'counter' : 'set'
  if (functions.includes('append') && !functions.includes('write')) return 'lists'
  return 'register'
}

import { levelsOf } from '@chaosproxy/checker'
import type { Random } from '@chaosproxy/faults'
import { type History, type Input, isTransaction, type Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readShare, readsSetting } from './reading.ts'
import { numberOf, type Settings, settingsFor } from './setting.ts'
import { missing, someSucceeded } from './vacuity.ts'
import type { Client, Clients, Workload } from './workload.ts'

const FUNCTIONS = ['txn'] as const

type Common = Pick<
  Workload,
  'model' | 'initial' | 'levels' | 'object' | 'functions' | 'reads' | 'finale' | 'races' | 'vacuous'
>

const transactionsOn = (model: 'list-append' | 'rw-register'): Common => ({
  model,
  initial: null,
  levels: levelsOf(model, { functions: FUNCTIONS }),
  object: 'transactions',
  functions: FUNCTIONS,
  reads: [],
  finale: readAllOnce,
  races: { what: 'a transaction', functions: FUNCTIONS },
  vacuous,
})

/**
 * Transactions on a few lists. No value is appended twice, so reads show the order of the appends. The order of the
 * transactions follows from the order of the appends, without a search.
 */
export const txnListAppend: Workload = {
  ...transactionsOn('list-append'),
  name: 'txn-list-append',
  summary: 'transactions that append to some lists and read other lists; all of a transaction takes effect, or nothing',
  settings: [
    keysSetting(5, 'how many lists clients use at a time'),
    readsSetting,
    stepsSetting('appends and reads'),
    sizeSetting('number of appends after which a new list replaces a list'),
  ],
  create: (settings, serial) => mixed(settings, serial, 'append'),
}

/** Transactions on a few registers. No value is written twice, so every read identifies its write. */
export const txnRwRegister: Workload = {
  ...transactionsOn('rw-register'),
  name: 'txn-rw-register',
  summary: 'transactions that write some registers and read others, all or nothing',
  settings: [
    keysSetting(5, 'how many registers clients use at a time'),
    readsSetting,
    stepsSetting('writes and reads'),
    sizeSetting('number of writes after which a new register replaces a register'),
  ],
  create: (settings, serial) => mixed(settings, serial, 'w'),
}

/**
 * Pairs of registers. For example, at least one of two doctors must be on call. A writer reads the pair, and writes one
 * register. In a write skew, two writers of different registers have missed each other's write.
 */
export const writeSkew: Workload = {
  ...transactionsOn('rw-register'),
  name: 'write-skew',
  summary: 'transactions that read both registers of a pair and write one of them',
  settings: [
    keysSetting(3, 'how many pairs clients use at a time'),
    readsSetting,
    sizeSetting('number of writes after which a new pair replaces a pair'),
  ],
  create: (settings, serial) =>
    grouped(settings, serial, {
      size: 2,
      written: (members, random) => [...members.map(readOf), ['w', random.pick(members), null]],
    }),
}

/**
 * Groups of registers, each written once. Transactions write one register or read a group. Readers that saw two writes
 * in opposite orders form a long fork.
 */
export const longFork: Workload = {
  ...transactionsOn('rw-register'),
  name: 'long-fork',
  summary: 'transactions that write one register, and others that read a group of them',
  settings: [
    keysSetting(2, 'how many groups clients use at a time'),
    readsSetting,
    { name: 'size', summary: 'how many registers a group has', default: 4, min: 2, max: 100 },
  ],
  create: (settings, serial) =>
    grouped(settings, serial, {
      size: numberOf(settings, 'size'),
      written: (members, _, before) => [['w', members[before % members.length] ?? '', null]],
    }),
}

type Step = readonly ['r' | 'w' | 'append', string, Json]

const readOf = (key: string): Step => ['r', key, null]

function stepsSetting(what: string) {
  return {
    name: 'steps',
    summary: `the largest number of ${what} in one transaction`,
    default: 4,
    min: 1,
    max: 100,
  } as const
}

function mixed(settings: Settings, serial: number, change: 'w' | 'append'): Clients {
  const keys = createKeyPool(numberOf(settings, 'keys'), numberOf(settings, 'size'))
  const reads = numberOf(settings, 'reads')
  const most = numberOf(settings, 'steps')
  let last = serial * most
  return {
    client(random, rank) {
      const share = readShare(reads, rank)
      const step = (): Step => {
        const key = keys.pick(random)
        if (random.chance(share)) return readOf(key)
        last += 1
        keys.filled(key)
        return [change, key, last]
      }
      return { next: () => transactionOf(Array.from({ length: 1 + random.integer(most) }, step)) }
    },
  }
}

interface Groups {
  readonly size: number
  /**
   * Returns the steps of a write to a group. `before` is the number of earlier writes to the group. In the steps, null
   * stands for the value to be written.
   */
  written(members: readonly [string, ...string[]], random: Random, before: number): readonly Step[]
}

function grouped(settings: Settings, serial: number, { size, written }: Groups): Clients {
  const groups = createKeyPool(numberOf(settings, 'keys'), numberOf(settings, 'size'))
  const reads = numberOf(settings, 'reads')
  const writes = new Map<string, number>()
  let last = serial
  return {
    client(random: Random, rank: number): Client {
      const share = readShare(reads, rank)
      return {
        next() {
          const group = groups.pick(random)
          const member = (i: number): string => `${group}-${i + 1}`
          const members = [member(0), ...Array.from({ length: size - 1 }, (_, i) => member(i + 1))] as const
          if (random.chance(share)) return transactionOf(members.map(readOf))
          const before = writes.get(group) ?? 0
          writes.set(group, before + 1)
          groups.filled(group)
          last += 1
          return transactionOf(written(members, random, before).map(([f, key]) => [f, key, f === 'w' ? last : null]))
        },
      }
    },
  }
}

const transactionOf = (steps: readonly Step[]): Input => ({ f: 'txn', value: steps })

/** The maximum number of keys of a final transaction. */
const MOST_READ = 20

/** Returns transactions that read every key once, because a write that no client reads could hide an anomaly. */
function readAllOnce(keys: readonly string[]): readonly Input[] {
  const count = Math.ceil(keys.length / MOST_READ)
  return Array.from({ length: count }, (_, i) =>
    transactionOf(keys.slice(i * MOST_READ, (i + 1) * MOST_READ).map(readOf)),
  )
}

/** Returns the keys of an operation, or of a transaction's steps. */
export function keysIn({
  f,
  key,
  value,
}: Pick<Input, 'f' | 'value'> & { readonly key?: string | undefined }): readonly string[] {
  if (key !== undefined) return [key]
  if (!isTransaction(f) || !Array.isArray(value)) return []
  return value.flatMap((step: Json) => (Array.isArray(step) && typeof step[1] === 'string' ? [step[1]] : []))
}

/**
 * Returns the level at which histories are judged if `level` is requested. For transactions, `linearizable` stands for
 * `strict-serializable`: the two are equal if each transaction is one operation.
 */
export const levelFor = ({ levels }: Pick<Workload, 'levels'>, level: string): string =>
  level === 'linearizable' && levels.includes('strict-serializable') ? 'strict-serializable' : level

/** Returns whether a level is the strongest level of the workload. */
export const isStrongest = (workload: Pick<Workload, 'levels'>, level: string): boolean =>
  level === levelFor(workload, 'linearizable')

function vacuous(history: History): readonly string[] {
  return [
    ...missing(history, 'transaction', FUNCTIONS),
    ...(someSucceeded(history, FUNCTIONS, hasRead) ? [] : ['no transaction read what another wrote']),
  ]
}

const hasRead = (steps: Json): boolean =>
  Array.isArray(steps) &&
  steps.some((step: Json) => {
    const [f, , value] = Array.isArray(step) ? (step as readonly Json[]) : []
    return f === 'r' && (Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined)
  })

/**
 * Returns the levels that are always decided with these settings. By default, takes the settings that best distinguish
 * weaker levels.
 */
export const decidedLevels = (
  workload: Pick<Workload, 'name' | 'settings' | 'levels' | 'levelsWith'>,
  settings: Settings = settingsFor(workload, {}, true),
): readonly string[] => workload.levelsWith?.(settings) ?? workload.levels

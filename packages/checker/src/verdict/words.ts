import {
  answeredAt,
  calledAt,
  clientInWords,
  displayText,
  functionOf,
  type History,
  INFO,
  inputOf,
  type Json,
  outputOf,
} from '@chaosproxy/history'
import { CAS, type Decoder, DIFFERS, READ } from '../encoding/encoded.ts'
import type { OperationRow } from '../encoding/operation-row.ts'

/** The client of an operation, such as `process 4`. */
export const who = (history: History, row: OperationRow): string =>
  clientInWords(history, history.operations.process[row])

/** The node at which an operation was done or, if it is unknown, the client. */
export const whereOrWho = (history: History, row: OperationRow): string =>
  history.nodes[history.operations.node[row]] ?? who(history, row)

/** A phrase such as ` at n1`; empty without a name. */
export const phrase = (preposition: string, name: string | undefined): string =>
  name === undefined ? '' : ` ${preposition} ${name}`

/** Describes an operation by its row, for people. */
export interface Words {
  /** `process 4` */
  readonly who: (row: number) => string
  /** `process 4 read 1 from n3` */
  readonly did: (row: number, kind: number) => string
  /** `process 2's write of 2` */
  readonly the: (row: number, kind: number) => string
  /** `process 2's write of 2 was acknowledged by n1` */
  readonly acknowledged: (row: number, kind: number) => string
  /** `in the same process` or `for the same client`, for two operations of one client. */
  readonly ofOneClient: (row: number, other: number) => string
  /** `12.031 s`, or `line 7` without times */
  readonly returnedAt: (row: number) => string
  readonly calledAt: (row: number) => string
}

/** Creates the words for operations. Adds the row of each mentioned operation to `spokenOf`, if given. */
export function createWords(decoder: Decoder, spokenOf?: Set<number>): Words {
  const { history } = decoder
  const { operations } = history
  const who = (row: number): string => {
    spokenOf?.add(row)
    return clientInWords(history, operations.process[row])
  }
  const node = (preposition: string, row: number): string => phrase(preposition, history.nodes[operations.node[row]])
  const keyOf = (row: number): string | undefined => history.keys[operations.key[row]]
  const key = (preposition: string, row: number): string => phrase(preposition, keyOf(row))
  const pair = (row: number): string => {
    const value = inputOf(history, row)
    return Array.isArray(value) ? `from ${show(value[0])} to ${show(value[1])}` : show(value)
  }
  const isCas = (row: number): boolean => functionOf(history, row) === 'cas'
  const isAppend = (row: number): boolean => functionOf(history, row) === 'append'
  const known = (row: number): boolean => operations.outcome[row] !== INFO
  return {
    who,
    did: (row, kind) => {
      if (isCas(row)) {
        const what = kind === DIFFERS ? 'failed to change' : known(row) ? 'changed' : 'may have changed'
        return `${who(row)} ${what} ${keyOf(row) ?? 'the value'} ${pair(row)}${node('at', row)}`
      }
      if (kind === READ) {
        return `${who(row)} read ${show(outputOf(history, row))}${key('for', row)}${node('from', row)}`
      }
      const verb = isAppend(row)
        ? known(row)
          ? 'appended'
          : 'may have appended'
        : known(row)
          ? 'wrote'
          : 'may have written'
      return `${who(row)} ${verb} ${show(inputOf(history, row))}${key('to', row)}${node('at', row)}`
    },
    the: (row, kind) => {
      if (isCas(row)) return `${who(row)}'s cas${key('of', row)} ${pair(row)}`
      if (kind === READ) return `${who(row)}'s read of ${show(outputOf(history, row))}${key('for', row)}`
      return `${who(row)}'s ${isAppend(row) ? 'append' : 'write'} of ${show(inputOf(history, row))}${key('to', row)}`
    },
    acknowledged: (row, kind) =>
      `${kind === CAS || isCas(row) ? `${who(row)}'s cas ${pair(row)}` : `${who(row)}'s ${isAppend(row) ? 'append' : 'write'} of ${show(inputOf(history, row))}`} was acknowledged${node('by', row)}`,
    ofOneClient: (row, other) =>
      operations.process[row] === operations.process[other] ? 'in the same process' : 'for the same client',
    returnedAt: (row) => answeredAt(history, row),
    calledAt: (row) => calledAt(history, row),
  }
}

/** A value in words: JSON, cut if long. */
export function show(value: Json | undefined): string {
  const text = displayText(value ?? null)
  return text.length <= 60 ? text : `${text.slice(0, 28)} … ${text.slice(-28)}`
}

export const CYCLE = 'That is a cycle, so no order can satisfy all of these.'

export const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1)

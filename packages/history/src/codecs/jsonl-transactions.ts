import { NO_VALUE } from '../builder/builder.ts'
import type { ListTable } from '../tables/lists.ts'
import { HASH_START } from '../tables/placed-texts.ts'
import { APPEND, NO_MICRO_VALUE, transactionNames } from '../tables/transactions.ts'
import { smallIntegerId, ValueTable } from '../tables/value.ts'
import * as marks from './json-bytes.ts'
import { ascii } from './json-bytes.ts'
import type { JsonTokens } from './jsonl-tokens.ts'

// Copied into this module, because an imported constant is loaded at every use.
const { CLOSE_BRACKET, COMMA, NEWLINE, NINE, OPEN_BRACKET, ZERO } = marks

const APPEND_TEXT = ascii(APPEND)
const TRANSACTION_TEXTS = transactionNames.map(ascii)
/** The id of an integer with at most this many digits follows from the integer, without a look into the table. */
const SMALL_DIGITS = 9

/** Whether bytes[start, end) are the name of a function that executes a transaction, such as `txn`. */
export function isTransactionAt(bytes: Uint8Array, start: number, end: number): boolean {
  for (const name of TRANSACTION_TEXTS) if (isAt(bytes, start, end, name)) return true
  return false
}

function isAt(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let at = start; at < end; at += 1) if (bytes[at] !== text[at - start]) return false
  return true
}

/**
 * Reads a transaction directly into the columns of micro-operations, and returns its id. Returns NO_VALUE if the
 * transaction contains anything that this reader does not handle, such as a function name with an escape sequence. The
 * rows that were already added are then ignored.
 */
export function scanTransaction(tokens: JsonTokens, bytes: Uint8Array, values: ValueTable): number {
  const transactions = values.transactionTable
  transactions.begin()
  tokens.at += 1
  let byte = tokens.space(bytes)
  while (byte === OPEN_BRACKET) {
    tokens.at += 1
    tokens.space(bytes)
    const start = tokens.at + 1
    if (!tokens.plain(bytes, HASH_START)) return NO_VALUE
    const end = tokens.at - 1
    const kind = transactions.kinds.internHashed(tokens.hash, bytes, start, end)
    if (!transactions.canAdd(kind) || !next(tokens, bytes)) return NO_VALUE
    const key = tokens.scalar(bytes, values)
    if (key === NO_VALUE) return NO_VALUE
    let value = NO_MICRO_VALUE
    if (next(tokens, bytes)) {
      value = scanHeld(tokens, bytes, values, key, isAt(bytes, start, end, APPEND_TEXT))
      if (value === NO_VALUE) return NO_VALUE
    }
    if (tokens.space(bytes) !== CLOSE_BRACKET) return NO_VALUE
    tokens.at += 1
    transactions.add(kind, key, value)
    if (!next(tokens, bytes)) break
    byte = bytes[tokens.at] ?? NEWLINE
    if (byte !== OPEN_BRACKET) return NO_VALUE
  }
  if (bytes[tokens.at] !== CLOSE_BRACKET) return NO_VALUE
  tokens.at += 1
  return values.endTransaction()
}

function next(tokens: JsonTokens, bytes: Uint8Array): boolean {
  if (tokens.space(bytes) !== COMMA) return false
  tokens.at += 1
  tokens.space(bytes)
  return true
}

/** Returns the id of a plain value, or of a list of plain values; NO_VALUE for any other value. */
function scanHeld(tokens: JsonTokens, bytes: Uint8Array, values: ValueTable, key: number, isElement: boolean): number {
  if (bytes[tokens.at] !== OPEN_BRACKET) return tokens.scalar(bytes, values)
  return isElement ? NO_VALUE : scanList(tokens, bytes, values, key)
}

/** Returns the id of a list of plain values; NO_VALUE for any other. */
function scanList(tokens: JsonTokens, bytes: Uint8Array, values: ValueTable, key: number): number {
  const lists = values.listTable
  let list = lists.empty(key)
  tokens.at += 1
  if (tokens.space(bytes) !== CLOSE_BRACKET) {
    for (;;) {
      list = smallIntegers(tokens, bytes, lists, list)
      const element = tokens.scalar(bytes, values)
      if (element === NO_VALUE) return NO_VALUE
      list = lists.longer(list, element)
      if (!next(tokens, bytes)) break
    }
    if (bytes[tokens.at] !== CLOSE_BRACKET) return NO_VALUE
  }
  tokens.at += 1
  return ValueTable.listId(list)
}

/**
 * Appends the small integers at the beginning of a list to the list `from`. Stops before the first element that is not
 * a small integer or has no comma directly after it. Nearly all elements are small integers.
 */
function smallIntegers(tokens: JsonTokens, bytes: Uint8Array, lists: ListTable, from: number): number {
  let list = from
  let start = tokens.at
  for (;;) {
    let at = start
    let value = 0
    let byte = bytes[at] ?? NEWLINE
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO)
      at += 1
      byte = bytes[at] ?? NEWLINE
    }
    const digits = at - start
    if (byte !== COMMA || digits === 0 || digits > SMALL_DIGITS || (digits > 1 && bytes[start] === ZERO)) break
    list = lists.longer(list, smallIntegerId(value))
    start = at + 1
  }
  tokens.at = start
  tokens.space(bytes)
  return list
}

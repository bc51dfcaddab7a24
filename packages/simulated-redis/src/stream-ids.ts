import { CommandError } from './failures.ts'

/** An ID with the milliseconds in the upper 64 bits and the sequence number in the lower 64. */
export type StreamId = bigint

const PART = 64n
const MOST_PART = 2n ** 64n - 1n
export const LEAST_ID: StreamId = 0n
export const MOST_ID: StreamId = (MOST_PART << PART) | MOST_PART

const makeId = (ms: bigint, sequence: bigint): StreamId => (ms << PART) | sequence
const msOf = (id: StreamId): bigint => id >> PART
const sequenceOf = (id: StreamId): bigint => id & MOST_PART

export const idText = (id: StreamId): string => `${msOf(id)}-${sequenceOf(id)}`

const invalidId = (): CommandError => new CommandError('ERR Invalid stream ID specified as stream command argument')

function partOf(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw invalidId()
  const value = BigInt(text)
  if (value > MOST_PART) throw invalidId()
  return value
}

/** Parses an ID: `ms-sequence`, or `ms` with the sequence `missing`. @throws CommandError */
export function idOf(text: string, missing: bigint = 0n): StreamId {
  const [ms = '', sequence, ...rest] = text.split('-')
  if (rest.length > 0) throw invalidId()
  return makeId(partOf(ms), sequence === undefined ? missing : partOf(sequence))
}

/** Parses the bounds of a range: `-`, `+`, an ID, or `(` before an excluded ID. */
export function rangeOf(first: string, last: string): readonly [from: StreamId, to: StreamId] {
  const bound = (text: string, missing: bigint): readonly [id: StreamId, isOpen: boolean] => {
    if (text === '-' || text === '+') return [text === '-' ? LEAST_ID : MOST_ID, false]
    return text.startsWith('(') ? [idOf(text.slice(1), missing), true] : [idOf(text, missing), false]
  }
  const [[from, isAfter], [to, isBefore]] = [bound(first, 0n), bound(last, MOST_PART)]
  if (isAfter && from === MOST_ID) throw new CommandError('ERR invalid start ID for the interval')
  if (isBefore && to === LEAST_ID) throw new CommandError('ERR invalid end ID for the interval')
  return [isAfter ? from + 1n : from, isBefore ? to - 1n : to]
}

/** Returns the ID of a new entry. */
export function newId(text: string, last: StreamId, now: number): StreamId {
  if (text === '*') {
    const id = makeId(BigInt(Math.max(0, now)), 0n)
    return id > last ? id : last + 1n
  }
  const [ms = '', sequence] = text.split('-')
  if (sequence !== '*') {
    const id = idOf(text)
    if (id === LEAST_ID) throw new CommandError('ERR The ID specified in XADD must be greater than 0-0')
    if (id <= last) throw tooSmall()
    return id
  }
  const moment = partOf(ms)
  if (moment < msOf(last)) throw tooSmall()
  if (moment > msOf(last)) return makeId(moment, 0n)
  if (sequenceOf(last) === MOST_PART) throw tooSmall()
  return last + 1n
}

const tooSmall = (): CommandError =>
  new CommandError('ERR The ID specified in XADD is equal or smaller than the target stream top item')

import type { Json } from '@chaos/history'
import { type Budget, STEPS_BETWEEN_LOOKS, unlimited } from '../budget.ts'
import { APPEND, type Encoded, NEVER, READ, WRITE } from '../encoded.ts'
import { distinctPieces, type Pieces } from './pieces.ts'
import { eventCount, sequenceOfZones, type ZonesAnswer } from './zones.ts'

/**
 * Decides linearizability of one string with put, append and get in time linear in the length of what was read, where all
 * pieces that were written are distinct and none begins another.
 *
 * A text that was read then tells which put it began with and which appends followed, one after another, with nothing in
 * between. So a put, the appends that were seen to follow it, and all gets of these texts are one block of the order, as
 * the write of a distinct value and its reads are one cluster of a register's (Gibbons & Korach 1997); an append that
 * nobody saw is a block of its own. Within a block, nothing may return before what comes earlier in it was called; among
 * blocks the conditions on zones are the same as among clusters.
 *
 * Not applicable where texts do not tell that much. Expects a compact history.
 *
 * @throws OutOfTime
 */
export function appendZones(part: Encoded, jsonOf: (name: number) => Json, budget: Budget = unlimited): ZonesAnswer {
  if (part.hasConditional || part.length === 0) return { result: 'not applicable' }
  const initial = jsonOf(part.names[part.initial])
  if (initial !== '' && initial !== null) return { result: 'not applicable' }
  const pieces = distinctPieces(part, jsonOf, budget)
  if (pieces === undefined) return { result: 'not applicable' }
  const blocks = blocksOf(part, { pieces, jsonOf, budget })
  if (blocks === undefined) return { result: 'violated' }
  const order = orderOfBlocks(part, blocks, budget)
  return order === undefined ? { result: 'violated' } : { result: 'met', order }
}

/** What was seen of a block: the longest text, and for each of its versions how long it was then. */
interface Chain {
  text: string
  readonly ends: number[]
}

interface Blocks {
  /** By operation: its block, -1 where it is left out. Block 0 begins with the initial value, i + 1 with operation i. */
  readonly block: Int32Array
  /** By operation: its version in the block, 0 for the put and what was read of it. */
  readonly version: Int32Array
}

interface Reading {
  readonly pieces: Pieces
  readonly jsonOf: (name: number) => Json
  readonly budget: Budget
}

/** Undefined where a text was read that cannot have come about, whatever the order. */
function blocksOf(part: Encoded, { pieces, jsonOf, budget }: Reading): Blocks | undefined {
  const { length, kind, expects, writes, names, returns, initial, values } = part
  const block = new Int32Array(length).fill(-1)
  const version = new Int32Array(length)
  const chains: (Chain | undefined)[] = new Array(length + 1)
  const blockOfValue = new Int32Array(values).fill(-1)
  const versionOfValue = new Int32Array(values)
  const isSeen = new Uint8Array(length + 1)
  blockOfValue[initial] = 0
  // Who reads just what was put has seen no append: that takes no look at the text.
  for (let i = 0; i < length; i++) if (kind[i] === WRITE) blockOfValue[writes[i]] = i + 1

  let sinceLook = 0
  /** Finds out which version a text is; false where it cannot have come about. */
  const locate = (value: number): boolean => {
    const text = jsonOf(names[value])
    if (typeof text !== 'string' || text === '') return false
    sinceLook += text.length
    if (sinceLook > UNITS_BETWEEN_LOOKS) {
      budget.look()
      sinceLook = 0
    }
    const first = pieces.at(text, 0)
    if (first === -1) return false
    const b = kind[first] === WRITE ? first + 1 : 0
    let chain = chains[b]
    if (chain === undefined) {
      const start = b === 0 ? 0 : pieces.lengthOf(first)
      chain = { text: text.slice(0, start), ends: [start] }
      chains[b] = chain
    }
    blockOfValue[value] = b
    if (text.length <= chain.text.length) {
      versionOfValue[value] = place(chain.ends, text.length)
      return versionOfValue[value] !== -1 && chain.text.startsWith(text)
    }
    if (!text.startsWith(chain.text)) return false
    for (let from = chain.text.length; from < text.length; ) {
      const next = pieces.at(text, from)
      if (next === -1 || kind[next] !== APPEND || block[next] !== -1) return false
      block[next] = b
      version[next] = chain.ends.length
      from += pieces.lengthOf(next)
      chain.ends.push(from)
    }
    chain.text = text
    versionOfValue[value] = chain.ends.length - 1
    return true
  }

  for (let i = 0; i < length; i++) {
    if (kind[i] !== READ) continue
    const value = expects[i]
    if (blockOfValue[value] === -1 && !locate(value)) return undefined
    block[i] = blockOfValue[value]
    isSeen[block[i]] = 1
    version[i] = versionOfValue[value]
  }
  for (let i = 0; i < length; i++) {
    if (kind[i] === READ || block[i] !== -1) continue
    // What is of unknown outcome and was not seen is left out.
    if (returns[i] !== NEVER || (kind[i] === WRITE && isSeen[i + 1] === 1)) block[i] = i + 1
  }
  return { block, version }
}

/** So much text is looked at between two looks at the clock. */
const UNITS_BETWEEN_LOOKS = 262_144

/** Where a number is in an ascending list, -1 for nowhere. */
function place(list: readonly number[], item: number): number {
  let low = 0
  let high = list.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (list[middle] === item) return middle
    if (list[middle] < item) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** All blocks one after another, or undefined where their operations' intervals do not allow that. */
function orderOfBlocks(part: Encoded, { block, version }: Blocks, budget: Budget): Int32Array | undefined {
  const { length, kind, calls, returns } = part
  const versions = new Int32Array(length + 2)
  for (let i = 0; i < length; i++) {
    if (block[i] !== -1 && version[i] >= versions[block[i]]) versions[block[i]] = version[i] + 1
  }
  // Two places for each version: who wrote it, and who read it.
  const placeOf = new Int32Array(length + 2)
  for (let b = 0; b <= length; b++) placeOf[b + 1] = placeOf[b] + 2 * versions[b]
  const placeAt = new Int32Array(length)
  const starts = new Int32Array(placeOf[length + 1] + 1)
  for (let i = 0; i < length; i++) {
    if ((i & STEPS_BETWEEN_LOOKS) === STEPS_BETWEEN_LOOKS) budget.look()
    if (block[i] === -1) continue
    placeAt[i] = placeOf[block[i]] + 2 * version[i] + Number(kind[i] === READ)
    starts[placeAt[i] + 1]++
  }
  for (let r = 1; r < starts.length; r++) starts[r] += starts[r - 1]
  const total = starts[starts.length - 1]
  const sorted = new Int32Array(total)
  const next = starts.slice()
  for (let i = 0; i < length; i++) if (block[i] !== -1) sorted[next[placeAt[i]]++] = i

  const first = new Int32Array(length + 1).fill(NEVER)
  const last = new Int32Array(length + 1).fill(-2)
  const used = new Uint8Array(length + 1)
  for (let b = 0; b <= length; b++) {
    if (starts[placeOf[b]] === starts[placeOf[b + 1]]) continue
    used[b] = 1
    // The latest call of what comes earlier in the block.
    let before = -1
    for (let r = placeOf[b]; r < placeOf[b + 1]; r++) {
      let latest = before
      for (let at = starts[r]; at < starts[r + 1]; at++) {
        const i = sorted[at]
        if (returns[i] < before) return undefined
        if (calls[i] > latest) latest = calls[i]
        if (returns[i] < first[b]) first[b] = returns[i]
      }
      before = latest
    }
    last[b] = before
  }
  budget.look()
  if (used[0] === 1) first[0] = -1
  const sequence = sequenceOfZones({ first, last, used, initial: 0 }, eventCount(part), budget)
  if (sequence === undefined) return undefined
  const order = new Int32Array(total)
  let at = 0
  for (const b of sequence) {
    for (let from = starts[placeOf[b]]; from < starts[placeOf[b + 1]]; from++) order[at++] = sorted[from]
  }
  return order
}
